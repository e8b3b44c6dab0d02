/* Runs one user-mode instruction per record of stdin on the host and writes the state it left: the referee of the
 * instruction tests. A record is struct image; faults are reported as vector and error code, with the state that
 * the handler saw. Memory operands lie at MEMORY, the instruction is copied to CODE. */
#define _GNU_SOURCE
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define MEMORY 0x20000
#define CODE 0x30000
#define MEMORY_BYTES 128
#define CODE_BYTES 16

struct image {
  uint8_t fx[512]; /* FXSAVE64 */
  uint64_t gpr[16];
  uint64_t rflags;
  uint32_t vector, error;
  uint8_t memory[MEMORY_BYTES];
  uint8_t code[CODE_BYTES];
};

__attribute__((used, aligned(64))) struct image now;
__attribute__((used)) void *code_address = (void *)CODE;
__attribute__((used)) uint64_t saved_rsp;
__attribute__((used)) static const uint32_t usual_mxcsr = 0x1f80;

_Static_assert(offsetof(struct image, gpr) == 512 && offsetof(struct image, rflags) == 640, "as the assembly has it");

/* now.gpr is in encoding order; RSP stays the host's. */
#define EACH(op) \
  op(0, rax) op(1, rcx) op(2, rdx) op(3, rbx) op(5, rbp) op(6, rsi) op(7, rdi) op(8, r8) op(9, r9) op(10, r10) \
  op(11, r11) op(12, r12) op(13, r13) op(14, r14) op(15, r15)
#define LOAD(n, reg) "mov now+512+8*" #n "(%rip), %" #reg "\n"
#define SAVE(n, reg) "mov %" #reg ", now+512+8*" #n "(%rip)\n"
__asm__(
    ".globl run, run_end\n"
    "run:\n"
    "push %rbx\npush %rbp\npush %r12\npush %r13\npush %r14\npush %r15\n"
    "mov %rsp, saved_rsp(%rip)\n"
    "fxrstor64 now(%rip)\n"
    "pushq now+640(%rip)\npopfq\n"
    EACH(LOAD)
    "call *code_address(%rip)\n"
    EACH(SAVE)
    "pushfq\npopq now+640(%rip)\n"
    "fxsave64 now(%rip)\n"
    "run_end:\n"
    "mov saved_rsp(%rip), %rsp\n"
    "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbp\npop %rbx\n"
    "fninit\nldmxcsr usual_mxcsr(%rip)\ncld\nret\n");
void run(void);
extern char run_end[];

static void on_fault(int number, siginfo_t *info, void *context) {
  static const int order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  mcontext_t *m = &((ucontext_t *)context)->uc_mcontext;
  (void)number;
  (void)info;
  for (int i = 0; i < 16; i++) now.gpr[i] = m->gregs[order[i]];
  now.rflags = m->gregs[REG_EFL];
  now.vector = m->gregs[REG_TRAPNO];
  now.error = m->gregs[REG_ERR];
  memcpy(now.fx, m->fpregs, 416);
  m->gregs[REG_RIP] = (greg_t)run_end;
}

static void *fixed(uintptr_t address, int protection) {
  void *at = mmap((void *)address, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (at != (void *)address) {
    perror("mmap");
    _Exit(2);
  }
  return at;
}

int main(void) {
  uint8_t *memory = fixed(MEMORY, PROT_READ | PROT_WRITE);
  uint8_t *code = fixed(CODE, PROT_READ | PROT_WRITE | PROT_EXEC);
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  const int signals[] = {SIGFPE, SIGSEGV, SIGILL, SIGBUS, SIGTRAP};
  for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) sigaction(signals[i], &action, NULL);
  while (fread(&now, sizeof now, 1, stdin) == 1) {
    memcpy(memory, now.memory, MEMORY_BYTES);
    memcpy(code, now.code, CODE_BYTES);
    run();
    memcpy(now.memory, memory, MEMORY_BYTES);
    fwrite(&now, sizeof now, 1, stdout);
  }
  return 0;
}
