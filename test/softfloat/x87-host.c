/* Runs one x87 instruction per record of stdin on the host and writes what it left: the referee of the tests.
 * Record: operation, control word, two 16-byte operands. Answer: two 16-byte results and the status word. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct record { uint32_t operation, control; uint8_t a[16], b[16]; };
struct answer { uint8_t r[16], r2[16]; uint32_t status, pad; };

#define LOADED "fninit\n\tfldt %[b]\n\tfldt %[a]\n\tfldcw %[cw]\n\t"
#define ENDED "\n\tfnstsw %[sw]\n\tfnclex\n\tfldcw %[plain]\n\t"
#define OPERANDS [a] "m"(q->a), [b] "m"(q->b), [cw] "m"(cw), [plain] "m"(plain)
#define RESULTS [sw] "=m"(sw), [r] "=m"(*out), [r2] "=m"(*out2)
/* a in ST(0), b in ST(1); ST(0) is the result, ST(1) the second result */
#define ON_STACK(n, text) case n: __asm__ volatile(LOADED text ENDED "fstpt %[r]\n\tfstpt %[r2]\n\tfninit" \
  : RESULTS : OPERANDS : "memory"); break;
/* ST(0) is popped by the instruction or not; only the first is stored */
#define ONE_RESULT(n, text) case n: __asm__ volatile(LOADED text ENDED "fstpt %[r]\n\tfninit" \
  : RESULTS : OPERANDS : "memory"); break;
#define COMPARES(n, text) case n: __asm__ volatile(LOADED text ENDED "fninit" : RESULTS : OPERANDS : "memory"); break;
#define COMPARES_EFLAGS(n, text) case n: __asm__ volatile(LOADED text "\n\tpushf\n\tpopq %[r]" ENDED "fninit" \
  : RESULTS : OPERANDS : "memory", "cc"); break;
/* an operand in memory: %[a] is read as the instruction's own format */
#define LOADS(n, text) case n: __asm__ volatile("fninit\n\tfldcw %[cw]\n\t" text " %[a]" ENDED "fstpt %[r]\n\tfninit" \
  : RESULTS : OPERANDS : "memory"); break;
#define STORES(n, text) case n: __asm__ volatile(LOADED text " %[r]" ENDED "fninit" \
  : RESULTS : OPERANDS : "memory"); break;
#define CONSTANT(n, text) case n: __asm__ volatile("fninit\n\tfldcw %[cw]\n\t" text ENDED "fstpt %[r]\n\tfninit" \
  : RESULTS : OPERANDS : "memory"); break;

static uint16_t run(const struct record *q, uint8_t (*out)[16], uint8_t (*out2)[16]) {
  uint16_t cw = q->control, plain = 0x37f, sw = 0;
  switch (q->operation) {
    ONE_RESULT(0, "fadd %%st(1), %%st")
    ONE_RESULT(1, "fsub %%st(1), %%st")
    ONE_RESULT(2, "fmul %%st(1), %%st")
    ONE_RESULT(3, "fdiv %%st(1), %%st")
    ONE_RESULT(4, "fsqrt")
    ONE_RESULT(5, "fprem")
    ONE_RESULT(6, "fprem1")
    ONE_RESULT(7, "frndint")
    ONE_RESULT(8, "fscale")
    ON_STACK(9, "fxtract")
    COMPARES(10, "fcom %%st(1)")
    COMPARES(11, "fucom %%st(1)")
    COMPARES(12, "ftst")
    COMPARES(13, "fxam")
    COMPARES_EFLAGS(14, "fcomi %%st(1), %%st")
    LOADS(20, "flds")
    LOADS(21, "fldl")
    LOADS(22, "filds")
    LOADS(23, "fildl")
    LOADS(24, "fildll")
    LOADS(25, "fbld")
    STORES(30, "fsts")
    STORES(31, "fstl")
    STORES(32, "fists")
    STORES(33, "fistl")
    STORES(34, "fistpll")
    STORES(35, "fisttps")
    STORES(36, "fisttpl")
    STORES(37, "fisttpll")
    STORES(38, "fbstp")
    CONSTANT(40, "fld1")
    CONSTANT(41, "fldl2t")
    CONSTANT(42, "fldl2e")
    CONSTANT(43, "fldpi")
    CONSTANT(44, "fldlg2")
    CONSTANT(45, "fldln2")
    CONSTANT(46, "fldz")
    ONE_RESULT(50, "f2xm1")
    ONE_RESULT(51, "fyl2x")
    ONE_RESULT(52, "fyl2xp1")
    ON_STACK(53, "fptan")
    ONE_RESULT(54, "fpatan")
    ONE_RESULT(55, "fsin")
    ONE_RESULT(56, "fcos")
    ON_STACK(57, "fsincos")
    default: sw = 0xffff;
  }
  return sw;
}

int main(void) {
  static struct record in[4096];
  static struct answer result[4096];
  size_t n;
  while ((n = fread(in, sizeof in[0], 4096, stdin)) > 0) {
    memset(result, 0xa5, sizeof result[0] * n);
    for (size_t i = 0; i < n; i++)
      result[i].status = run(&in[i], &result[i].r, &result[i].r2);
    fwrite(result, sizeof result[0], n, stdout);
  }
  return 0;
}
