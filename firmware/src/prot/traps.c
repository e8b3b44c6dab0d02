// Descriptor tables and exception handling of the 32-bit kernel.
#include "../common/layout.h"
#include "../common/report.h"
#include "kernel.h"

enum { TRAP_STACK = LONG_TRAP_STACK, VECTOR_EXIT = 0x80, VECTOR_V86_EXIT = 0xfe, PAGE_FAULT = 14 };

extern const u32 trap_entries[256];
extern u32 guard_value, guard_esp;
u32 guarded_call(void *function, u32 argument, u32 where);
void load_tables(const void *gdt_pointer, const void *idt_pointer);
void gate_sum(void);

u64 gdt[GDT_ENTRIES] __attribute__((aligned(8)));
u64 ldt[2] __attribute__((aligned(8)));
u64 idt[256] __attribute__((aligned(8)));
struct tss tss_main, tss_called, tss_jumped;
struct frame last_frame;
u32 v86_iopl;
reg_t (*page_fault_hook)(reg_t address);
static struct trap last_trap;

u64 segment(u32 base, u32 limit, u32 access, u32 flags) {
  return (limit & 0xffff) | (u64)(base & 0xffffff) << 16 | (u64)access << 40 | (u64)(limit >> 16 & 15) << 48 |
         (u64)flags << 52 | (u64)(base >> 24) << 56;
}

u64 gate(u32 type, u32 selector, u32 offset, u32 count) {
  return (offset & 0xffff) | (u64)selector << 16 | (u64)count << 32 | (u64)type << 40 | (u64)(offset >> 16) << 48;
}

static void fill_gdt(void) {
  enum { FLAT = 0xc, SMALL32 = 0x4, SMALL16 = 0 };
  enum { TSS_LIMIT = sizeof(struct tss) - 1 };
  gdt[CODE0 / 8] = segment(0, 0xfffff, 0x9b, FLAT);
  gdt[DATA0 / 8] = segment(0, 0xfffff, 0x93, FLAT);
  gdt[CODE3 / 8] = segment(0, 0xfffff, 0xfb, FLAT);
  gdt[DATA3 / 8] = segment(0, 0xfffff, 0xf3, FLAT);
  gdt[TSS_MAIN / 8] = segment((u32)&tss_main, TSS_LIMIT, 0x89, 0);
  gdt[TSS_CALLED / 8] = segment((u32)&tss_called, TSS_LIMIT, 0x89, 0);
  gdt[TSS_JUMPED / 8] = segment((u32)&tss_jumped, TSS_LIMIT, 0x89, 0);
  gdt[GATE_SUM / 8] = gate(CALL_GATE, CODE0, (u32)gate_sum, 2);
  gdt[GATE_ABSENT / 8] = gate(CALL_GATE & ~PRESENT, CODE0, (u32)gate_sum, 2);
  gdt[DATA_ABSENT / 8] = segment(0, 0xfffff, 0x93 & ~PRESENT, FLAT);
  gdt[DATA_READ_ONLY / 8] = segment(0, 0xfffff, 0xf1, FLAT);
  gdt[CODE_EXECUTE_ONLY / 8] = segment(0, 0xfffff, 0x99, FLAT);
  gdt[DATA_SMALL / 8] = segment(TEST_PAGES, 0xff, 0xf3, SMALL32);
  gdt[DATA_DOWN / 8] = segment(TEST_PAGES, 0xff, 0xf7, SMALL32);
  gdt[CODE16 / 8] = segment(PROT_PROGRAM, 0xffff, 0x9b, SMALL16);
  gdt[LDT / 8] = segment((u32)ldt, sizeof ldt - 1, 0x82, 0);
  gdt[CODE_CONFORMING / 8] = segment(0, 0xfffff, 0x9f, FLAT);
  gdt[CODE_ABSENT / 8] = segment(0, 0xfffff, 0x9b & ~PRESENT, FLAT);
  gdt[DATA_PAGES / 8] = segment(TEST_PAGES, 1, 0xf3, FLAT);
  ldt[1] = segment(TEST_PAGES + 0x100, 0xfffff, 0xf3, FLAT);
}

void traps_init(void) {
  fill_gdt();
  for (u32 vector = 0; vector < 256; vector++) idt[vector] = gate(INTERRUPT_GATE, CODE0, trap_entries[vector], 0);
  static const u8 open_vectors[] = {3, 4, 5, VECTOR_EXIT, VECTOR_V86_EXIT};
  for (u32 i = 0; i < sizeof open_vectors; i++)
    idt[open_vectors[i]] = gate(USER_INTERRUPT_GATE, CODE0, trap_entries[open_vectors[i]], 0);
  tss_main.esp0 = TRAP_STACK;
  tss_main.ss0 = DATA0;
  tss_main.io_map = sizeof(struct tss); // beyond the limit: no port is open
  struct {
    u16 limit;
    u32 base;
  } __attribute__((packed)) gdt_pointer = {sizeof gdt - 1, (u32)gdt}, idt_pointer = {sizeof idt - 1, (u32)idt};
  load_tables(&gdt_pointer, &idt_pointer);
}

static u32 read_cr2(void) {
  u32 value;
  __asm__ volatile("mov %%cr2, %0" : "=r"(value));
  return value;
}

u32 handle_trap(struct frame *frame) {
  if (frame->vector == PAGE_FAULT && page_fault_hook && page_fault_hook(read_cr2())) return 0;
  if (!guard_esp) report_fatal("prot", frame->vector, frame->error, frame->eip, read_cr2());
  u32 outer = frame->cs & 3 || frame->eflags & 0x20000;
  u32 vector = frame->vector == VECTOR_EXIT || frame->vector == VECTOR_V86_EXIT ? VECTOR_RETURNED : frame->vector;
  last_trap = (struct trap){vector,    frame->error, frame->eip, outer ? frame->esp : 0,    frame->eflags,
                            frame->cs, outer ? frame->ss : DATA0, read_cr2(), frame->ecx, frame->esi, frame->edi};
  last_frame = *frame;
  guard_value = frame->eax;
  return 1;
}

reg_t guarded(void *function, reg_t argument, u32 where, struct trap *trap) {
  last_trap.vector = VECTOR_RETURNED;
  u32 value = guarded_call(function, argument, where);
  *trap = last_trap;
  return value;
}
