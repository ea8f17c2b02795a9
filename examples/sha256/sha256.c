// sha256 [FILE...]: the SHA-256 (FIPS 180-4) of each file, or of standard input, as sha256sum prints
// it. Plain C without intrinsics: also the CPU-bound kernel that bench/ compares with a native build.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

typedef struct {
  uint32_t state[8];
  uint64_t bytes;
  uint8_t pending[64];
  size_t pending_bytes;
} Sha256;

static uint32_t rotate(uint32_t x, int by) { return x >> by | x << (32 - by); }

static void compress(uint32_t state[8], const uint8_t* block) {
  uint32_t w[64];
  for (int i = 0; i < 16; i++) {
    w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
           (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
  }
  for (int i = 16; i < 64; i++) {
    const uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
    const uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
  for (int i = 0; i < 64; i++) {
    const uint32_t s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + kRound[i] + w[i];
    const uint32_t s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d;
  state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

static void begin(Sha256* sha) {
  static const uint32_t kInitial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memcpy(sha->state, kInitial, sizeof kInitial);
  sha->bytes = sha->pending_bytes = 0;
}

static void update(Sha256* sha, const uint8_t* data, size_t length) {
  sha->bytes += length;
  while (length) {
    if (sha->pending_bytes == 0 && length >= 64) {
      compress(sha->state, data);
      data += 64, length -= 64;
      continue;
    }
    size_t take = 64 - sha->pending_bytes;
    if (take > length) take = length;
    memcpy(sha->pending + sha->pending_bytes, data, take);
    sha->pending_bytes += take, data += take, length -= take;
    if (sha->pending_bytes == 64) {
      compress(sha->state, sha->pending);
      sha->pending_bytes = 0;
    }
  }
}

static void finish(Sha256* sha, uint8_t digest[32]) {
  const uint64_t bits = sha->bytes * 8;
  static const uint8_t kPadding[64] = {0x80};
  update(sha, kPadding, 1 + (119 - sha->bytes % 64) % 64);
  uint8_t length[8];
  for (int i = 0; i < 8; i++) length[i] = (uint8_t)(bits >> (56 - 8 * i));
  update(sha, length, 8);
  for (int i = 0; i < 32; i++) digest[i] = (uint8_t)(sha->state[i / 4] >> (24 - 8 * (i % 4)));
}

static int print_digest(FILE* file, const char* name) {
  static uint8_t buffer[1 << 16];
  Sha256 sha;
  begin(&sha);
  for (size_t got; (got = fread(buffer, 1, sizeof buffer, file)) > 0;) update(&sha, buffer, got);
  if (ferror(file)) {
    perror(name);
    return 1;
  }
  uint8_t digest[32];
  finish(&sha, digest);
  for (int i = 0; i < 32; i++) printf("%02x", digest[i]);
  printf("  %s\n", name);
  return 0;
}

int main(int argc, char** argv) {
  if (argc < 2) return print_digest(stdin, "-");
  int failed = 0;
  for (int i = 1; i < argc; i++) {
    FILE* file = fopen(argv[i], "rb");
    if (!file) {
      perror(argv[i]);
      failed = 1;
      continue;
    }
    failed |= print_digest(file, argv[i]);
    fclose(file);
  }
  return failed;
}
