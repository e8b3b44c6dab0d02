// The 64-bit kernel: traps, guarded calls, time, console input.
#pragma once
#include "../common/guard.h"

struct frame { // as traps.asm pushes it
  u64 r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
  u64 vector, error, rip, cs, rflags, rsp, ss;
};

enum { VECTOR_IRQ = 0x20 };

// For what is to survive `test`, which goes through real mode and clears .bss
#define SURVIVES_TEST __attribute__((section(".data")))

extern volatile struct trap last_trap;
extern u64 last_frame_address; // of the frame that the CPU pushed

void traps_init(void);
void set_gate(u32 vector, void *handler, u32 type, u32 ist); // type: 8Eh interrupt gate, EEh from ring 3, 8Fh trap gate
void set_irq(u32 irq, void (*handler)(struct frame *));      // also unmasks it
void open_ports(u16 first, u16 last);                       // to ring 3, these alone
void close_ports(void);
void mask_irq(u32 irq);
void mask_all_irqs(void);
extern void *const trap_entries[256];

enum { IO_BITMAP_PORTS = 0x400 };
struct tss {
  u32 reserved0;
  u64 rsp[3];
  u64 reserved1;
  u64 ist[7];
  u64 reserved2;
  u16 reserved3, io_map;
  u8 io_bitmap[IO_BITMAP_PORTS / 8 + 1]; // a bit each: 0 lets ring 3 through; the last byte is all ones
} __attribute__((packed));
extern struct tss tss;

static inline u64 rdmsr(u32 index) {
  u32 low, high;
  __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index));
  return low | (u64)high << 32;
}
static inline void wrmsr(u32 index, u64 value) {
  __asm__ volatile("wrmsr" : : "c"(index), "a"((u32)value), "d"((u32)(value >> 32)));
}
static inline void interrupts_on(void) { __asm__ volatile("sti" : : : "memory"); }
static inline void interrupts_off(void) { __asm__ volatile("cli" : : : "memory"); }
static inline void wait_for_interrupt(void) { __asm__ volatile("sti\n\thlt" : : : "memory"); }
