// wordcount [N]: counts the words on standard input and prints the N most frequent (10 unless told),
// most frequent first, ties in alphabetical order, then the totals. A word is a run of ASCII letters;
// case is folded.
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kWordBytesMax = 63 };

typedef struct {
  char word[kWordBytesMax + 1];
  uint64_t count;
} Entry;

typedef struct {
  Entry* slots;
  size_t capacity;  // a power of two
  size_t used;
} Table;

static uint64_t hash_of(const char* word) {
  uint64_t hash = 1469598103934665603u;
  for (; *word; word++) hash = (hash ^ (uint8_t)*word) * 1099511628211u;
  return hash;
}

static Entry* slot_of(const Table* table, const char* word) {
  size_t at = hash_of(word) & (table->capacity - 1);
  while (table->slots[at].count && strcmp(table->slots[at].word, word) != 0) {
    at = (at + 1) & (table->capacity - 1);
  }
  return &table->slots[at];
}

static void make_table(Table* table, size_t capacity) {
  table->slots = calloc(capacity, sizeof(Entry));
  if (!table->slots) {
    fprintf(stderr, "wordcount: out of memory at %zu words\n", table->used);
    exit(1);
  }
  table->capacity = capacity;
}

static void grow(Table* table) {
  Table bigger = {.used = table->used};
  make_table(&bigger, table->capacity * 2);
  for (size_t i = 0; i < table->capacity; i++) {
    if (table->slots[i].count) *slot_of(&bigger, table->slots[i].word) = table->slots[i];
  }
  free(table->slots);
  *table = bigger;
}

static void count_word(Table* table, const char* word) {
  Entry* entry = slot_of(table, word);
  if (entry->count++ == 0) {
    strcpy(entry->word, word);
    if (++table->used * 2 > table->capacity) grow(table);
  }
}

static int by_count(const void* left, const void* right) {
  const Entry* a = left;
  const Entry* b = right;
  if (a->count != b->count) return a->count < b->count ? 1 : -1;
  return strcmp(a->word, b->word);
}

int main(int argc, char** argv) {
  const long shown = argc > 1 ? strtol(argv[1], NULL, 10) : 10;
  if (shown < 0 || argc > 2) {
    fprintf(stderr, "usage: wordcount [N]   (N words are shown, 10 unless told)\n");
    return 2;
  }
  Table table = {0};
  make_table(&table, 1024);
  uint64_t lines = 0, words = 0, bytes = 0;
  static char buffer[65536];
  char word[kWordBytesMax + 1];
  size_t length = 0;
  for (size_t got; (got = fread(buffer, 1, sizeof buffer, stdin)) > 0; bytes += got) {
    for (size_t i = 0; i < got; i++) {
      const unsigned char c = (unsigned char)buffer[i];
      lines += c == '\n';
      if (c < 128 && isalpha(c)) {
        if (length < kWordBytesMax) word[length++] = (char)tolower(c);
      } else if (length) {
        word[length] = 0;
        count_word(&table, word);
        words++;
        length = 0;
      }
    }
  }
  if (length) {
    word[length] = 0;
    count_word(&table, word);
    words++;
  }
  size_t kept = 0;
  for (size_t i = 0; i < table.capacity; i++) {
    if (table.slots[i].count) table.slots[kept++] = table.slots[i];
  }
  qsort(table.slots, kept, sizeof(Entry), by_count);
  for (size_t i = 0; i < kept && i < (size_t)shown; i++) {
    printf("%8llu %s\n", (unsigned long long)table.slots[i].count, table.slots[i].word);
  }
  printf("%llu lines, %llu words, %zu different, %llu bytes\n", (unsigned long long)lines,
         (unsigned long long)words, kept, (unsigned long long)bytes);
  return 0;
}
