// The whole of `timerose`: from argc and argv to the exit code.
#pragma once

namespace timerose::cli {

int run_program(int argc, char** argv);

}  // namespace timerose::cli
