#include "cli/program/program.h"

int main(int argc, char** argv) { return timerose::cli::run_program(argc, argv); }
