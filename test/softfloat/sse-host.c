/* Runs one SSE instruction per record of stdin on the host and writes what it left: the referee of the tests.
 * Record: operation, MXCSR, two 16-byte operands. Answer: 16-byte result, EFLAGS or integer, MXCSR, trapped or not. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

struct record { uint32_t operation, mxcsr; uint8_t a[16], b[16]; };
struct answer { uint8_t r[16]; uint64_t integer; uint32_t mxcsr, trapped; };

static volatile uint32_t trapped, mxcsr_at_trap;

/* Notes the flags at the trap and lets the instruction run again with everything masked. */
static void on_fpe(int number, siginfo_t *info, void *context) {
  ucontext_t *uc = context;
  (void)number; (void)info;
  trapped = 1;
  mxcsr_at_trap = uc->uc_mcontext.fpregs->mxcsr;
  uc->uc_mcontext.fpregs->mxcsr = 0x1f80;
}

#define OPERANDS [a] "m"(q->a), [b] "m"(q->b), [in] "m"(q->mxcsr), [plain] "m"(plain)
#define BEGIN "movups %[a], %%xmm0\n\tmovups %[b], %%xmm1\n\tldmxcsr %[in]\n\t"
#define END "\n\tstmxcsr %[out]\n\tldmxcsr %[plain]\n\t"
#define OP(n, text) case n: __asm__ volatile(BEGIN text END "movups %%xmm0, %[r]" \
  : [r] "=m"(o->r), [out] "=m"(o->mxcsr) : OPERANDS : "xmm0", "xmm1", "memory"); break;
#define TO_INTEGER(n, text) case n: __asm__ volatile(BEGIN text ", %%rax" END "mov %%rax, %[i]" \
  : [i] "=m"(o->integer), [out] "=m"(o->mxcsr) : OPERANDS : "xmm0", "xmm1", "rax", "memory"); break;
#define TO_INTEGER32(n, text) case n: __asm__ volatile(BEGIN text ", %%eax" END "mov %%rax, %[i]" \
  : [i] "=m"(o->integer), [out] "=m"(o->mxcsr) : OPERANDS : "xmm0", "xmm1", "rax", "memory"); break;
#define COMPARES(n, text) case n: __asm__ volatile(BEGIN text " %%xmm1, %%xmm0\n\tpushf\n\tpop %%rax" END \
  "mov %%rax, %[i]" : [i] "=m"(o->integer), [out] "=m"(o->mxcsr) : OPERANDS : "xmm0", "xmm1", "rax", "cc", "memory"); break;
#define BOTH(n, text) OP(n, text "sd %%xmm1, %%xmm0") OP(n + 100, text "ss %%xmm1, %%xmm0")
#define CMP(n, imm) OP(n, "cmpsd $" #imm ", %%xmm1, %%xmm0") OP(n + 100, "cmpss $" #imm ", %%xmm1, %%xmm0")
#define ROUND(n, imm) OP(n, "roundsd $" #imm ", %%xmm0, %%xmm0") OP(n + 100, "roundss $" #imm ", %%xmm0, %%xmm0")

static void run(const struct record *q, struct answer *o) {
  uint32_t plain = 0x1f80;
  switch (q->operation) {
    BOTH(0, "add") BOTH(1, "sub") BOTH(2, "mul") BOTH(3, "div")
    OP(4, "sqrtsd %%xmm0, %%xmm0") OP(104, "sqrtss %%xmm0, %%xmm0")
    BOTH(5, "min") BOTH(6, "max")
    CMP(10, 0) CMP(11, 1) CMP(12, 2) CMP(13, 3) CMP(14, 4) CMP(15, 5) CMP(16, 6) CMP(17, 7)
    COMPARES(20, "comisd") COMPARES(120, "comiss") COMPARES(21, "ucomisd") COMPARES(121, "ucomiss")
    OP(30, "cvtsi2sdq %[a], %%xmm0") OP(130, "cvtsi2ssq %[a], %%xmm0")
    TO_INTEGER(31, "cvtsd2si %%xmm0") TO_INTEGER(131, "cvtss2si %%xmm0")
    TO_INTEGER(32, "cvttsd2si %%xmm0") TO_INTEGER(132, "cvttss2si %%xmm0")
    TO_INTEGER32(33, "cvtsd2si %%xmm0") TO_INTEGER32(133, "cvtss2si %%xmm0")
    TO_INTEGER32(34, "cvttsd2si %%xmm0") TO_INTEGER32(134, "cvttss2si %%xmm0")
    OP(35, "cvtsd2ss %%xmm0, %%xmm0") OP(135, "cvtss2sd %%xmm0, %%xmm0")
    ROUND(40, 0) ROUND(41, 1) ROUND(42, 2) ROUND(43, 3) ROUND(44, 4) ROUND(45, 8) ROUND(46, 12)
    OP(150, "rcpss %%xmm0, %%xmm0") OP(151, "rsqrtss %%xmm0, %%xmm0")
  }
}

int main(void) {
  static struct record in[4096];
  static struct answer result[4096];
  struct sigaction action = { .sa_sigaction = on_fpe, .sa_flags = SA_SIGINFO };
  size_t n;
  sigaction(SIGFPE, &action, NULL);
  while ((n = fread(in, sizeof in[0], 4096, stdin)) > 0) {
    memset(result, 0, sizeof result[0] * n);
    for (size_t i = 0; i < n; i++) {
      trapped = 0;
      run(&in[i], &result[i]);
      result[i].trapped = trapped;
      if (trapped) result[i].mxcsr = mxcsr_at_trap;
    }
    fwrite(result, sizeof result[0], n, stdout);
  }
  return 0;
}
