/*
 * Runs single instructions of 32-bit code on the host's processor for process-machine.ts, in the guest that layout.ts
 * describes, as a process: where KVM does not run compatibility mode on the processor, this does. Build with -m32.
 * Arguments: selector, base, limit and attributes of ES CS SS DS FS GS; those of the local table are made.
 *
 * stdin, per case: address of the instruction and its length (32 bits each), 16 bytes of code, an image (image.ts).
 * stdout, per case: an image.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <asm/ldt.h>
#include <sys/syscall.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

#define IMAGE 2048
enum { PAGE = 4096, GPR = 512, RIP = 640, RFLAGS = 648, VECTOR = 656, ERROR = 660, CR2 = 664, SELECTORS = 672, DATA_AT = 704 };
enum { NEAR = 0x3a300000, CODE = 0x3a110000, CODE_BYTES = 0x4000, LOADER = 0x3a100000, INPUT = 0x3a200000, ALIAS = 0x7000 };
/* Processor time of a batch: only an endless loop needs it. */
enum { MOST_SECONDS = 60 };
enum { USER_CODE = 0x23, USER_DATA = 0x2b, STICKY = 0x244000 };

struct record { uint32_t at, length; uint8_t code[16]; uint8_t image[IMAGE]; };
static struct record in;
static uint8_t out[IMAGE];
static mcontext_t saved;
static uint8_t saved_fpu[512];
static uint8_t *code, *data;
static const struct { int at, bytes; } windows[] = { { PAGE - 576, 1152 }, { 2 * PAGE - 64, 64 } };
static const int order[] = { REG_EAX, REG_ECX, REG_EDX, REG_EBX, REG_ESP, REG_EBP, REG_ESI, REG_EDI };
static uint32_t descriptors[6][4];
static const int segments[] = { REG_ES, REG_CS, REG_SS, REG_DS, REG_FS, REG_GS };

/* The area of FXSAVE lies behind that of FSAVE. */
static uint8_t *fxsave_of(mcontext_t *m) { return (uint8_t *)m->fpregs + 112; }

static uint32_t word(const uint8_t *p) { uint32_t v; memcpy(&v, p, 4); return v; }
static void put(uint8_t *p, uint32_t v) { memcpy(p, &v, 4); }

static void begin(int number, siginfo_t *info, void *context) {
  mcontext_t *m = &((ucontext_t *)context)->uc_mcontext;
  (void)number; (void)info;
  saved = *m;
  memcpy(saved_fpu, fxsave_of(m), 512);
  for (int i = 0; i < 8; i++) m->gregs[order[i]] = word(in.image + GPR + 8 * i);
  for (int i = 0; i < 6; i++) m->gregs[segments[i]] = i == 1 ? USER_CODE : descriptors[i][0];
  m->gregs[REG_EIP] = LOADER;
  m->gregs[REG_EFL] = word(in.image + RFLAGS);
}

static void finish(int number, siginfo_t *info, void *context) {
  /* AC may forbid what the compiler makes of this, and the kernel would keep NT and ID for the next case. */
  __asm__ volatile("pushfl; andl %0, (%%esp); popfl" : : "i"(~STICKY) : "memory", "cc");
  mcontext_t *m = &((ucontext_t *)context)->uc_mcontext;
  (void)number; (void)info;
  memcpy(out, in.image, IMAGE);
  memcpy(out, fxsave_of(m), 512);
  for (int i = 0; i < 8; i++) { put(out + GPR + 8 * i, m->gregs[order[i]]); put(out + GPR + 8 * i + 4, 0); }
  put(out + RIP, m->gregs[REG_EIP]);
  put(out + RIP + 4, 0);
  put(out + RFLAGS, m->gregs[REG_EFL]);
  put(out + VECTOR, m->gregs[REG_TRAPNO]);
  put(out + ERROR, m->gregs[REG_ERR]);
  put(out + CR2, m->cr2);
  put(out + CR2 + 4, 0);
  for (int i = 0; i < 6; i++) { uint16_t s = m->gregs[segments[i]]; memcpy(out + SELECTORS + 2 * i, &s, 2); }
  uint8_t *to = out + DATA_AT;
  for (int i = 0; i < 2; i++) { memcpy(to, data + windows[i].at, windows[i].bytes); to += windows[i].bytes; }
  memcpy(fxsave_of(m), saved_fpu, 512);
  void *fpregs = m->fpregs;
  *m = saved;
  m->fpregs = fpregs;
}

static void *map(uintptr_t at, size_t length, int protection, int fd, off_t offset) {
  void *p = mmap((void *)at, length, protection, MAP_SHARED | MAP_POPULATE | (at ? MAP_FIXED : 0), fd, offset);
  if (p == MAP_FAILED) { perror("mmap"); exit(1); }
  return p;
}

static void build(void) {
  int fd = memfd_create("referee", 0);
  if (fd < 0 || ftruncate(fd, 0x10000) != 0) { perror("memfd"); exit(1); }
  code = map(0x60000000, CODE_BYTES, PROT_READ | PROT_WRITE, fd, 0);
  map(CODE, CODE_BYTES, PROT_READ | PROT_EXEC, fd, 0);
  memset(code, 0xf4, CODE_BYTES);
  data = map(0x61000000, 3 * PAGE, PROT_READ | PROT_WRITE, fd, CODE_BYTES);
  const uintptr_t places[] = { NEAR, ALIAS };
  for (int i = 0; i < 2; i++) {
    map(places[i], 2 * PAGE, PROT_READ | PROT_WRITE, fd, CODE_BYTES);
    map(places[i] + 2 * PAGE, PAGE, PROT_READ, fd, CODE_BYTES + 2 * PAGE);
  }
  for (int n = 0; n < PAGE; n++) data[2 * PAGE + n] = n * 37 + (n >> 3);
  map(INPUT, PAGE, PROT_READ | PROT_WRITE, fd, 0x8000);
  uint8_t *loader = map(0x62000000, PAGE, PROT_READ | PROT_WRITE, fd, 0x9000);
  map(LOADER, PAGE, PROT_READ | PROT_EXEC, fd, 0x9000);
  /* fxrstor cs:[INPUT]; jmp CS:offset: the offset is put in by each case. */
  const uint8_t program[] = { 0x2e, 0x0f, 0xae, 0x0d, 0, 0, 0x20, 0x3a, 0xea, 0, 0, 0, 0, descriptors[1][0], 0 };
  memcpy(loader, program, sizeof program);
}

/* Makes a descriptor of the local table. Attributes are as VMX has them. */
static void describe(const uint32_t *d) {
  const uint32_t code = d[3] & 8, down = d[3] & 4, big = d[3] & 0x4000, pages = d[3] & 0x8000;
  struct user_desc u = { .entry_number = d[0] >> 3, .base_addr = d[1], .limit = pages ? d[2] >> 12 : d[2],
                         .seg_32bit = big != 0, .contents = code ? 2 : down ? 1 : 0, .limit_in_pages = pages != 0,
                         .useable = 1 };
  if (syscall(SYS_modify_ldt, 0x11, &u, sizeof u) != 0) { perror("modify_ldt"); exit(1); }
}

int main(int count, char **arguments) {
  if (count != 25) return 2;
  for (int i = 0; i < 24; i++) descriptors[i / 4][i % 4] = strtoul(arguments[i + 1], NULL, 0);
  for (int i = 0; i < 6; i++) if (descriptors[i][0] & 4) describe(descriptors[i]);
  setrlimit(RLIMIT_CPU, &(struct rlimit){ MOST_SECONDS, MOST_SECONDS });
  /* A case's ESP may lie in this stack: the kernel is not to think that a handler runs there. */
  stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536, .ss_flags = (int)(1u << 31) /* SS_AUTODISARM */ };
  sigaltstack(&stack, NULL);
  build();
  struct sigaction action = { .sa_sigaction = begin, .sa_flags = SA_SIGINFO | SA_ONSTACK };
  sigaction(SIGUSR1, &action, NULL);
  action.sa_sigaction = finish;
  for (const int *s = (const int[]){ SIGTRAP, SIGSEGV, SIGBUS, SIGILL, SIGFPE, 0 }; *s != 0; s++) sigaction(*s, &action, NULL);
  uint8_t *loader = (uint8_t *)0x62000000;
  while (fread(&in, sizeof in, 1, stdin) == 1) {
    uint8_t *at = code + (in.at - CODE);
    uint8_t *from = in.image + DATA_AT;
    memcpy(at, in.code, in.length);
    for (int i = 0; i < 2; i++) { memcpy(data + windows[i].at, from, windows[i].bytes); from += windows[i].bytes; }
    memcpy((void *)INPUT, in.image, 512);
    put(loader + 9, word(in.image + RIP));
    raise(SIGUSR1);
    memset(at, 0xf4, 16);
    fwrite(out, IMAGE, 1, stdout);
  }
  return 0;
}
