// Transfers between privileges: call gate, SYSENTER, I/O permission bitmap; and task switches.
#include "../common/cpuid.h"
#include "../common/layout.h"
#include "../common/report.h"
#include "kernel.h"

u32 call_gate(void);
u32 call_sysenter(void);
void sysenter_entry(void);
void task_called(void);
void task_jumped(void);
u32 call_task(void);
u32 jump_task(void);
u32 interrupt_task(void);
extern volatile u32 task_log[4]; // EFLAGS, TR, how often, ESP

static void wrmsr(u32 index, u32 value) { __asm__ volatile("wrmsr" : : "c"(index), "a"(value), "d"(0)); }

static void sysenter_test(void) {
  enum { CPUID_SEP = 1 << 11, SYSENTER_CS = 0x174, SYSENTER_ESP = 0x175, SYSENTER_EIP = 0x176 };
  if (!(cpuid(1, 0).edx & CPUID_SEP)) {
    report_skip("prot", "sysenter and sysexit", "not in this CPU");
    return;
  }
  struct trap trap;
  wrmsr(SYSENTER_CS, CODE0);
  wrmsr(SYSENTER_ESP, LONG_TRAP_STACK);
  wrmsr(SYSENTER_EIP, (u32)sysenter_entry);
  checks_begin("prot", "sysenter and sysexit");
  check("CS and SS inside", CODE0 << 16 | DATA0, guarded(call_sysenter, 0, RING3, &trap));
  wrmsr(SYSENTER_CS, 0);
  guarded(call_sysenter, 0, RING3, &trap);
  check("null CS: vector", 13, trap.vector);
  check("null CS: error code", 0, trap.error);
  checks_end();
}

static u32 read_port(u32 port) {
  u8 value;
  __asm__ volatile("inb %w1, %0" : "=a"(value) : "d"(port));
  return value;
}
static u32 read_port16(u32 port) {
  u16 value;
  __asm__ volatile("inw %w1, %0" : "=a"(value) : "d"(port));
  return value;
}

static u32 port_vector(void *function, u32 port) {
  struct trap trap;
  guarded(function, port, RING3, &trap);
  return trap.vector;
}

// Port 64h (the 8042's status, harmless to read) is open, its neighbours are not.
static void io_bitmap_test(void) {
  for (u32 i = 0; i < sizeof tss_main.io_bits; i++) tss_main.io_bits[i] = 0xff;
  tss_main.io_bits[0x64 / 8] &= ~(1 << (0x64 & 7));
  tss_main.io_map = (u32)tss_main.io_bits - (u32)&tss_main;
  checks_begin("prot", "I/O permission bitmap");
  check("open port", VECTOR_RETURNED, port_vector(read_port, 0x64));
  check("closed port", 13, port_vector(read_port, 0x65));
  check("word over a closed port", 13, port_vector(read_port16, 0x64));
  check("port past the bitmap", 13, port_vector(read_port, 0x1064));
  checks_end();
  tss_main.io_map = sizeof(struct tss);
}

void gate_tests(void) {
  struct trap trap;
  checks_begin("prot", "call gate to ring 0 with parameters");
  check("sum and CS", CODE0 << 24 | 0x1122, guarded(call_gate, 0, RING3, &trap));
  check("vector", VECTOR_RETURNED, trap.vector);
  checks_end();
  sysenter_test();
  io_bitmap_test();
}

static u32 cr0_task_switched(void) { // and clears it
  u32 cr0;
  __asm__ volatile("mov %%cr0, %0\n\tclts" : "=r"(cr0));
  return cr0 >> 3 & 1;
}

static u32 busy(u32 selector) { return (u32)(gdt[selector / 8] >> 41) & 1; }

static void fill_tss(struct tss *tss, void (*entry)(void)) {
  *tss = (struct tss){.eip = (u32)entry, .eflags = 2, .esp = LONG_IST_STACK, .es = DATA0, .cs = CODE0,
                      .ss = DATA0, .ds = DATA0, .fs = DATA0, .gs = DATA0, .io_map = sizeof(struct tss)};
  __asm__ volatile("mov %%cr3, %0" : "=r"(tss->cr3));
}

void task_tests(void) {
  enum { NT = 1 << 14, TASK_VECTOR = 0x60 };
  fill_tss(&tss_called, task_called);
  fill_tss(&tss_jumped, task_jumped);
  checks_begin("prot", "task switch by call and iret");
  check("EBX after", 0x5a5a, call_task());
  check("TS", 1, cr0_task_switched());
  check("NT in the task", NT, task_log[0] & NT);
  check("TR in the task", TSS_CALLED, task_log[1]);
  check("ESP in the task", LONG_IST_STACK, task_log[3]);
  check("back link", TSS_MAIN, tss_called.link & 0xffff);
  check("called TSS no longer busy", 0, busy(TSS_CALLED));
  check("main TSS busy", 1, busy(TSS_MAIN));
  check("second call goes on", 0x5a5a, call_task());
  check("count", 2, task_log[2]);
  checks_end();
  checks_begin("prot", "task switch by jmp");
  check("EBX after", 0xa5a5, jump_task());
  check("TS", 1, cr0_task_switched());
  check("NT in the task", 0, task_log[0] & NT);
  check("TR in the task", TSS_JUMPED, task_log[1] & 0xffff);
  check("jumped TSS no longer busy", 0, busy(TSS_JUMPED));
  checks_end();
  idt[TASK_VECTOR] = gate(TASK_GATE, TSS_CALLED, 0, 0);
  checks_begin("prot", "task gate");
  check("EBX after", 0x3c3c, interrupt_task());
  check("TS", 1, cr0_task_switched());
  check("count", 3, task_log[2]);
  checks_end();
  struct trap trap;
  gdt[TSS_CALLED / 8] |= (u64)2 << 40; // busy
  checks_begin("prot", "call of a busy task");
  guarded(call_task, 0, RING0, &trap);
  check("vector", 13, trap.vector);
  check("error code", TSS_CALLED, trap.error);
  checks_end();
}
