/*
 * Runs single instructions on the host CPU for record.ts: sets registers, flags and memory, executes one
 * instruction with the trap flag set, and reports what it did. Build with -m64 or -m32 (-m32 runs the case in
 * compatibility mode).
 *
 * stdin, per case: 16 bytes of code, 16 registers and RFLAGS as 64-bit numbers, 4096 bytes of data.
 * stdout, per case: exception vector (1: none), 16 registers, RIP, RFLAGS as 64-bit numbers, 4096 bytes of data.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define CODE 0x100800u
#define DATA 0xa000u
#define PAGE 4096

struct input { uint8_t code[16]; uint64_t regs[16]; uint64_t flags; uint8_t data[PAGE]; };
struct output { uint64_t vector; uint64_t regs[16]; uint64_t rip; uint64_t flags; uint8_t data[PAGE]; };

static struct input in;
static struct output out;
static mcontext_t saved;

#ifdef __x86_64__
static const int order[] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                             REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };
#define COUNT 16
#define PC REG_RIP
#define VALUE(x) ((uint64_t)(x))
#else
static const int order[] = { REG_EAX, REG_ECX, REG_EDX, REG_EBX, REG_ESP, REG_EBP, REG_ESI, REG_EDI };
#define COUNT 8
#define PC REG_EIP
#define VALUE(x) ((uint32_t)(x))
#endif

static void begin(int number, siginfo_t *info, void *context) {
  mcontext_t *m = &((ucontext_t *)context)->uc_mcontext;
  (void)number; (void)info;
  saved = *m;
  for (int i = 0; i < COUNT; i++) m->gregs[order[i]] = in.regs[i];
  m->gregs[PC] = CODE;
  m->gregs[REG_EFL] = in.flags | 0x302;
}

static void finish(int number, siginfo_t *info, void *context) {
  mcontext_t *m = &((ucontext_t *)context)->uc_mcontext;
  (void)number; (void)info;
  out.vector = m->gregs[REG_TRAPNO];
  for (int i = 0; i < COUNT; i++) out.regs[i] = VALUE(m->gregs[order[i]]);
  out.rip = VALUE(m->gregs[PC]);
  out.flags = VALUE(m->gregs[REG_EFL]) & 0xcd5;
  *m = saved;
}

static void map(uintptr_t at, int protection) {
  if (mmap((void *)at, PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
    perror("mmap");
    exit(1);
  }
}

int main(void) {
  stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536 };
  sigaltstack(&stack, NULL);
  map(CODE & ~(PAGE - 1), PROT_READ | PROT_WRITE | PROT_EXEC);
  map(DATA, PROT_READ | PROT_WRITE);
  struct sigaction action = { .sa_sigaction = begin, .sa_flags = SA_SIGINFO | SA_ONSTACK };
  sigaction(SIGUSR1, &action, NULL);
  action.sa_sigaction = finish;
  for (const int *s = (const int[]){ SIGTRAP, SIGSEGV, SIGBUS, SIGILL, SIGFPE, 0 }; *s != 0; s++) sigaction(*s, &action, NULL);
  while (fread(&in, sizeof in, 1, stdin) == 1) {
    memset(&out, 0, sizeof out);
    memcpy((void *)(uintptr_t)CODE, in.code, 16);
    memcpy((void *)(uintptr_t)DATA, in.data, PAGE);
    raise(SIGUSR1);
    memcpy(out.data, (void *)(uintptr_t)DATA, PAGE);
    fwrite(&out, sizeof out, 1, stdout);
  }
  return 0;
}
