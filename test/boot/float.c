/* Results of x87 and SSE arithmetic on random operands: float SEED FIRST COUNT BLOCK
   prints one checksum for each BLOCK of cases; with BLOCK 1 the cases themselves. Linked statically, so that it
   runs alike on the host and in a guest. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <emmintrin.h>

static uint64_t state;
static uint64_t next(void) {
  uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static unsigned char out[64];
static unsigned used;
static void put(const void *data, unsigned size) {
  memcpy(out + used, data, size);
  used += size;
}

/* A 64-bit pattern whose exponent is often at an end of its range or near another's. */
static uint64_t bits64(void) {
  uint64_t r = next(), fraction = next() & 0xfffffffffffffu;
  static const unsigned ends[] = {0, 0, 1, 2, 0x7fe, 0x7ff, 0x7ff, 0x3ff};
  uint64_t exponent = r & 8 ? ends[r & 7] : r & 16 ? 0x3ff - 32 + ((r >> 8) & 63) : (r >> 8) & 0x7ff;
  if ((r & 0x7000000) == 0) fraction = 0;
  else if ((r & 0x7000000) == 0x1000000) fraction &= -(1ull << ((r >> 32) % 52));
  return (r >> 63) << 63 | exponent << 52 | fraction;
}

static uint32_t bits32(void) {
  uint64_t r = next();
  static const unsigned ends[] = {0, 0, 1, 2, 0xfe, 0xff, 0xff, 0x7f};
  uint32_t exponent = r & 8 ? ends[r & 7] : r & 16 ? 0x7f - 16 + ((r >> 8) & 31) : (r >> 8) & 0xff;
  uint32_t fraction = (r & 0x7000000) == 0 ? 0 : (uint32_t)(r >> 40) & 0x7fffff;
  return (uint32_t)(r >> 63) << 31 | exponent << 23 | fraction;
}

struct f80 { uint64_t significand; uint16_t exponent; } __attribute__((packed));

/* Now and then an encoding that the 387 refuses: the integer bit clear where it must be set. */
static struct f80 bits80(void) {
  uint64_t r = next(), significand = next() | 1ull << 63;
  static const unsigned ends[] = {0, 0, 1, 2, 0x7ffe, 0x7fff, 0x7fff, 0x3fff};
  uint16_t exponent = r & 8 ? ends[r & 7] : r & 16 ? 0x3fff - 64 + ((r >> 8) & 127) : (r >> 8) & 0x7fff;
  if (exponent == 0 && (r & 0x100000000u)) significand &= ~(1ull << 63);
  if ((r & 0x7000000) == 0) significand = (exponent == 0 ? 0 : 1ull << 63);
  else if ((r & 0x7000000) == 0x1000000) significand &= -(1ull << ((r >> 33) % 63));
  if ((r & 0x3f0000000000u) == 0) significand ^= 1ull << 63;
  struct f80 value = {significand, exponent | (r >> 63) << 15};
  return value;
}

/* Exceptions, C1 where an operation defines it, top and busy always. */
#define STATUS 0xbaff
#define WITH_CONDITIONS 0xffff
static void x87(unsigned operation) {
  struct f80 a = bits80(), b = bits80(), result;
  uint64_t d = bits64(), whole = next() >> (next() & 63);
  uint32_t f = bits32();
  uint16_t control = 0x7f | (next() & 0xf00) | 0x40, status = 0, mask = STATUS;
  if ((control & 0x300) == 0x100) control ^= 0x200;
  int16_t i16 = 0; int32_t i32 = 0; int64_t i64 = 0; unsigned char bcd[10] = {0};
  __asm__ volatile("fninit; fldcw %0" : : "m"(control));
#define BINARY(text) __asm__ volatile("fldt %2; fldt %3; fnclex; " text "; fnstsw %1; fstpt %0; fninit" \
    : "=m"(result), "=m"(status) : "m"(b), "m"(a)); break
#define UNARY(text) __asm__ volatile("fldt %2; fnclex; " text "; fnstsw %1; fstpt %0; fninit" \
    : "=m"(result), "=m"(status) : "m"(a)); break
#define MEMORY(text, operand) __asm__ volatile("fldt %2; fnclex; " text " %3; fnstsw %1; fstpt %0; fninit" \
    : "=m"(result), "=m"(status) : "m"(a), "m"(operand)); break
#define LOAD(text, operand) __asm__ volatile("fnclex; " text " %2; fnstsw %1; fstpt %0; fninit" \
    : "=m"(result), "=m"(status) : "m"(operand)); break
#define STORE(text, operand) __asm__ volatile("fldt %2; fnclex; " text " %0; fnstsw %1; fninit" \
    : "+m"(operand), "=m"(status) : "m"(a)); put(&operand, sizeof operand); goto stored
  switch (operation) {
    case 0: BINARY("faddp"); case 1: BINARY("fsubp"); case 2: BINARY("fmulp"); case 3: BINARY("fdivp");
    case 4: BINARY("fsubrp"); case 5: BINARY("fdivrp");
    case 6: mask = WITH_CONDITIONS; BINARY("fprem"); case 7: mask = WITH_CONDITIONS; BINARY("fprem1");
    case 8: BINARY("fscale"); case 9: mask = WITH_CONDITIONS; BINARY("fcom");
    case 10: mask = WITH_CONDITIONS; BINARY("fucom"); case 11: UNARY("fsqrt"); case 12: UNARY("frndint");
    case 13: UNARY("fabs"); case 14: UNARY("fchs"); case 15: mask = WITH_CONDITIONS; UNARY("ftst");
    case 16: mask = WITH_CONDITIONS; UNARY("fxam"); case 17: UNARY("fxtract; fxch");
    case 18: UNARY("fxtract");
    case 19: MEMORY("fadds", f); case 20: MEMORY("fdivl", d); case 21: MEMORY("fmull", d); case 22: MEMORY("fsubs", f);
    case 23: LOAD("flds", f); case 24: LOAD("fldl", d); case 25: LOAD("fildll", whole);
    case 26: STORE("fstps", f); case 27: STORE("fstpl", d); case 28: STORE("fistps", i16);
    case 29: STORE("fistpl", i32); case 30: STORE("fistpll", i64); default: STORE("fbstp", bcd);
  }
  put(&result, 10);
stored:
  status &= mask;
  put(&status, 2);
}

/* The scalar operations; mxcsr rounds each way, with and without FZ and DAZ. */
static void sse(unsigned operation) {
  unsigned control = 0x1f80 | (next() & 0xe040), after;
  uint64_t a64[2] = {bits64(), bits64()}, b64[2] = {bits64(), bits64()};
  uint32_t a32[4] = {bits32(), bits32(), bits32(), bits32()}, b32[4] = {bits32(), bits32(), bits32(), bits32()};
  __m128d ad = _mm_loadu_pd((double *)a64), bd = _mm_loadu_pd((double *)b64);
  __m128 as = _mm_loadu_ps((float *)a32), bs = _mm_loadu_ps((float *)b32);
  int32_t whole = (int32_t)next() >> (next() & 31);
  __asm__ volatile("ldmxcsr %0" : : "m"(control));
#define PD(text) __asm__ volatile(text " %1, %0" : "+x"(ad) : "x"(bd)); break
#define PS(text) __asm__ volatile(text " %1, %0" : "+x"(as) : "x"(bs)); break
#define TO_INT(text, operand) __asm__ volatile(text " %1, %0" : "=r"(whole) : "x"(operand)); break
#define COMPARE(text, a, b) { uint8_t c, z, p; __asm__ volatile(text " %4, %3; setc %0; setz %1; setp %2" \
    : "=q"(c), "=q"(z), "=q"(p) : "x"(a), "x"(b) : "cc"); whole = c | z << 1 | p << 2; } break
  switch (operation) {
    case 0: PD("addpd"); case 1: PD("subpd"); case 2: PD("mulpd"); case 3: PD("divpd"); case 4: PD("sqrtpd");
    case 5: PD("minpd"); case 6: PD("maxsd"); case 7: PD("cmpltpd"); case 8: PD("cmpunordpd"); case 9: PD("cmpneqsd");
    case 10: PS("addps"); case 11: PS("subps"); case 12: PS("mulps"); case 13: PS("divps"); case 14: PS("sqrtps");
    case 15: PS("maxps"); case 16: PS("minss"); case 17: PS("cmpleps"); case 18: PS("addss"); case 19: PS("divss");
    case 20: __asm__ volatile("cvtpd2ps %1, %0" : "+x"(as) : "x"(bd)); break;
    case 21: __asm__ volatile("cvtps2pd %1, %0" : "+x"(ad) : "x"(bs)); break;
    case 22: PS("cvtps2dq"); case 23: PS("cvttps2dq"); case 24: PS("cvtdq2ps");
    case 25: TO_INT("cvtsd2si", ad); case 26: TO_INT("cvttss2si", as);
    case 27: __asm__ volatile("cvtsi2ss %1, %0" : "+x"(as) : "r"(whole)); break;
    case 28: __asm__ volatile("cvtsd2ss %1, %0" : "+x"(as) : "x"(bd)); break;
    case 29: COMPARE("ucomisd", ad, bd); case 30: COMPARE("comiss", as, bs); default: PD("sqrtsd");
  }
  __asm__ volatile("stmxcsr %0" : "=m"(after));
  unsigned usual = 0x1f80;
  __asm__ volatile("ldmxcsr %0" : : "m"(usual));
  put(&ad, 16);
  put(&as, 16);
  put(&whole, 4);
  put(&after, 4);
}

int main(int count, char **arguments) {
  if (count != 5) return 2;
  uint64_t seed = strtoull(arguments[1], 0, 0);
  unsigned first = strtoul(arguments[2], 0, 0), cases = strtoul(arguments[3], 0, 0);
  unsigned block = strtoul(arguments[4], 0, 0);
  uint64_t sum = 0xcbf29ce484222325u;
  for (unsigned n = first; n < first + cases; n++) {
    state = seed ^ (uint64_t)n << 32;
    unsigned operation = next() & 63;
    used = 0;
    if (operation < 32) x87(operation);
    else sse(operation - 32);
    for (unsigned i = 0; i < used; i++) sum = (sum ^ out[i]) * 0x100000001b3u;
    if (block == 1) {
      printf("%u %s %u ", n, operation < 32 ? "x87" : "sse", operation & 31);
      for (unsigned i = 0; i < used; i++) printf("%02x", out[i]);
      putchar('\n');
    } else if ((n + 1) % block == 0) printf("%u %016llx\n", n + 1 - block, (unsigned long long)sum);
  }
  return 0;
}
