#include "kernel.h"
#include "../bench/bench.h"
#include "../common/cpuid.h"
#include "../common/io.h"
#include "../common/layout.h"
#include "../common/report.h"

enum { PIC1 = 0x20, PIC2 = 0xa0, ICW1_EDGE_ICW4 = 0x11, ICW4_8086 = 0x01, OCW2_EOI = 0x20 };
enum { MSR_STAR = 0xc0000081, MSR_LSTAR = 0xc0000082, MSR_FMASK = 0xc0000084 };
enum { BREAKPOINT = 3, STACK_FAULT = 12 };
enum { GATE_INTERRUPT = 0x8e, GATE_USER = 0xee, TSS_SELECTOR = 0x40, KERNEL_CODE = 0x08, KERNEL_DATA = 0x10 };

struct gate {
  u16 offset0, selector;
  u8 ist, type;
  u16 offset1;
  u32 offset2, reserved;
};

extern u64 gdt[];
extern u8 guard_resume[], syscall_entry[], user_end[];
extern u64 guard_rsp;
u64 guarded_call(void *function, u64 argument, u32 where);
u64 handle_syscall(u64 number, u64 argument);
void load_tables(const void *idt_pointer, u32 task_selector);

static struct gate idt[256] __attribute__((aligned(16)));
static volatile u32 cut_short;
static void (*irq_handlers[16])(struct frame *);
struct tss tss __attribute__((aligned(16)));
volatile struct trap last_trap;
u64 last_frame_address;
reg_t (*page_fault_hook)(reg_t address);

void set_gate(u32 vector, void *handler, u32 type, u32 ist) {
  u64 address = (u64)handler;
  idt[vector] = (struct gate){(u16)address,         KERNEL_CODE,          (u8)ist, (u8)type,
                              (u16)(address >> 16), (u32)(address >> 32), 0};
}

void mask_all_irqs(void) {
  out8(PIC1 + 1, 0xff);
  out8(PIC2 + 1, 0xff);
}

static void pic_init(void) {
  out8(PIC1, ICW1_EDGE_ICW4);
  out8(PIC2, ICW1_EDGE_ICW4);
  out8(PIC1 + 1, VECTOR_IRQ);
  out8(PIC2 + 1, VECTOR_IRQ + 8);
  out8(PIC1 + 1, 1 << 2); // the slave hangs on IRQ 2
  out8(PIC2 + 1, 2);
  out8(PIC1 + 1, ICW4_8086);
  out8(PIC2 + 1, ICW4_8086);
  mask_all_irqs();
}

void set_irq(u32 irq, void (*handler)(struct frame *)) {
  irq_handlers[irq] = handler;
  u16 port = irq < 8 ? PIC1 + 1 : PIC2 + 1;
  out8(port, in8(port) & ~(1 << (irq & 7)));
  if (irq >= 8) out8(PIC1 + 1, in8(PIC1 + 1) & ~(1 << 2));
}

void mask_irq(u32 irq) {
  u16 port = irq < 8 ? PIC1 + 1 : PIC2 + 1;
  out8(port, in8(port) | 1 << (irq & 7));
}

// A local APIC stands between the 8259 and the CPU: let LINT0 through as ExtINT (SDM volume 3, 11.5.1).
static void local_apic_init(void) {
  enum { CPUID_APIC = 1 << 9, MSR_APIC_BASE = 0x1b, APIC_ENABLED = 1 << 11 };
  enum { SVR = 0xf0, LVT_LINT0 = 0x350, SVR_ENABLE = 0x1ff, LVT_EXTINT = 0x700 };
  if (!(cpuid(1, 0).edx & CPUID_APIC)) return;
  u64 base = rdmsr(MSR_APIC_BASE);
  if (!(base & APIC_ENABLED)) return;
  base &= 0xfffff000;
  *(volatile u32 *)(base + SVR) = SVR_ENABLE;
  *(volatile u32 *)(base + LVT_LINT0) = LVT_EXTINT;
}

void open_ports(u16 first, u16 last) {
  for (u32 i = 0; i < sizeof tss.io_bitmap; i++) tss.io_bitmap[i] = 0xff;
  for (u32 port = first; port <= last; port++) tss.io_bitmap[port / 8] &= (u8)~(1 << port % 8);
  tss.io_map = offsetof(struct tss, io_bitmap);
}

// A map behind the limit forbids everything.
void close_ports(void) { tss.io_map = sizeof tss; }

void traps_init(void) {
  for (u32 vector = 0; vector < 256; vector++) set_gate(vector, trap_entries[vector], GATE_INTERRUPT, 0);
  set_gate(STACK_FAULT, trap_entries[STACK_FAULT], GATE_INTERRUPT, 1); // RSP may be what is wrong
  set_gate(BREAKPOINT, trap_entries[BREAKPOINT], GATE_USER, 0);
  set_gate(SYSCALL_VECTOR, trap_entries[SYSCALL_VECTOR], GATE_USER, 0);
  tss.rsp[0] = LONG_TRAP_STACK;
  tss.ist[0] = LONG_IST_STACK;
  close_ports();
  u64 base = (u64)&tss;
  gdt[TSS_SELECTOR / 8] =
      (sizeof tss - 1) | (base & 0xffffff) << 16 | (u64)0x89 << 40 | ((base >> 24) & 0xff) << 56;
  gdt[TSS_SELECTOR / 8 + 1] = base >> 32;
  struct {
    u16 limit;
    u64 base;
  } __attribute__((packed)) pointer = {sizeof idt - 1, (u64)idt};
  load_tables(&pointer, TSS_SELECTOR);
  // SYSCALL enters 08h/10h; SYSRET leaves to 2Bh (32-bit) or 3Bh with 33h; TF, IF, DF, NT and AC are cleared on entry
  wrmsr(MSR_STAR, (u64)0x2b << 48 | (u64)KERNEL_CODE << 32);
  wrmsr(MSR_LSTAR, (u64)syscall_entry);
  wrmsr(MSR_FMASK, 0x44700);
  pic_init();
  local_apic_init();
}

static u64 read_cr2(void) {
  u64 value;
  __asm__ volatile("mov %%cr2, %0" : "=r"(value));
  return value;
}

static void end_guarded_call(struct frame *frame, u64 vector) {
  last_frame_address = (u64)&frame->rip;
  cut_short = 1;
  last_trap = (struct trap){vector,        frame->error, frame->rip, frame->rsp,
                            frame->rflags, frame->cs,    frame->ss,  read_cr2(),
                            frame->rcx,    frame->rsi,   frame->rdi};
  frame->rip = (u64)guard_resume;
  frame->cs = KERNEL_CODE;
  frame->rflags = 0x2;
  frame->rsp = guard_rsp;
  frame->ss = KERNEL_DATA;
}

static void handle_irq(struct frame *frame) {
  u32 irq = (u32)frame->vector - VECTOR_IRQ;
  if (irq_handlers[irq]) irq_handlers[irq](frame);
  if (irq >= 8) out8(PIC2, OCW2_EOI);
  out8(PIC1, OCW2_EOI);
}

void handle_trap(struct frame *frame) {
  if (frame->vector >= VECTOR_IRQ && frame->vector < VECTOR_IRQ + 16) {
    handle_irq(frame);
    return;
  }
  if (frame->vector == SYSCALL_VECTOR) {
    frame->rax = handle_syscall(frame->rax, frame->rdi);
    return;
  }
  if (frame->vector == 14 && page_fault_hook && page_fault_hook(read_cr2())) return;
  if (!guard_rsp) report_fatal("long", frame->vector, frame->error, frame->rip, read_cr2());
  u32 returned = frame->vector == BREAKPOINT && frame->rip == (u64)user_end;
  end_guarded_call(frame, returned ? VECTOR_RETURNED : frame->vector);
}

// Ctrl-C while a program runs in ring 3: 1, and it ends. 0: none runs.
u32 interrupt_program(struct frame *frame) {
  if (!(frame->cs & 3)) return 0;
  end_guarded_call(frame, VECTOR_INTERRUPTED);
  return 1;
}

reg_t guarded(void *function, reg_t argument, u32 where, struct trap *trap) {
  u64 value = guarded_call(function, argument, where);
  if (!cut_short) last_trap.vector = VECTOR_RETURNED;
  cut_short = 0; // calls nest: this was the innermost one's
  *trap = last_trap;
  interrupts_on();
  return value;
}

