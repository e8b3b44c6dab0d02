// The 32-bit kernel: descriptors, traps, guarded calls.
#pragma once
#include "../common/guard.h"

enum { // GDT; the assembler files use the same numbers
  CODE0 = 0x08,
  DATA0 = 0x10,
  CODE3 = 0x18, // SYSENTER wants CODE0, DATA0, CODE3, DATA3 in this order
  DATA3 = 0x20,
  TSS_MAIN = 0x28,
  TSS_CALLED = 0x30,
  TSS_JUMPED = 0x38,
  GATE_SUM = 0x40,         // call gate to ring 0, two parameters, open to ring 3
  GATE_ABSENT = 0x48,      // the same, not present
  DATA_ABSENT = 0x50,      // not present
  DATA_READ_ONLY = 0x58,
  CODE_EXECUTE_ONLY = 0x60,
  DATA_SMALL = 0x68,       // base TEST_PAGES, limit 0FFh
  DATA_DOWN = 0x70,        // the same base, expand-down, 32-bit, limit 0FFh
  CODE16 = 0x78,
  LDT = 0x80,
  CODE_CONFORMING = 0x88,
  CODE_ABSENT = 0x90,
  DATA_PAGES = 0x98,       // base TEST_PAGES, limit 1 in pages: 1FFFh
  GDT_ENTRIES = 20
};

struct frame { // as traps.asm pushes it
  u32 gs, fs, es, ds, edi, esi, ebp, unused, ebx, edx, ecx, eax;
  u32 vector, error, eip, cs, eflags, esp, ss;
  u32 v86_es, v86_ds, v86_fs, v86_gs;
};

struct tss {
  u32 link, esp0, ss0, esp1, ss1, esp2, ss2, cr3, eip, eflags;
  u32 eax, ecx, edx, ebx, esp, ebp, esi, edi;
  u32 es, cs, ss, ds, fs, gs, ldt;
  u16 debug_trap, io_map;
  u8 io_bits[130]; // ports 0 to 3FFh, and the byte of ones that ends it
};

extern u64 gdt[GDT_ENTRIES], ldt[2], idt[256];
extern struct tss tss_main, tss_called, tss_jumped;
extern struct frame last_frame; // of the exception that ended the last guarded call
extern u32 v86_iopl;

u64 segment(u32 base, u32 limit, u32 access, u32 flags); // flags: bits 52-55, G D/B L AVL
u64 gate(u32 type, u32 selector, u32 offset, u32 count);
enum { INTERRUPT_GATE = 0x8e, USER_INTERRUPT_GATE = 0xee, CALL_GATE = 0xec, TASK_GATE = 0xe5, PRESENT = 0x80 };

void traps_init(void);

void segment_tests(void);
void gate_tests(void);
void task_tests(void);
void v86_tests(void);
void paging_tests(void);
