// IRQ 0 at 100 Hz keeps time. Where there is an ACPI power-management timer, that is what is counted (no tick lost when
// the host is busy); otherwise the ticks and the 8254's own counter.
#include "clock.h"
#include "../common/io.h"
#include "../common/shared.h"
#include "acpi.h"
#include "kernel.h"

enum { PIT_CHANNEL0 = 0x40, PIT_CONTROL = 0x43, PIT_RATE_GENERATOR = 0x34, PIT_ONE_SHOT = 0x30, PIT_LATCH0 = 0x00 };
enum { PIT_RELOAD = 11932, TICK_MICROSECONDS = 10000 }; // 1193182 Hz / 11932 = 99.998 Hz
enum { PM_TIMER_MASK = 0xffffff };                      // 24 bits are always there; they wrap after 4.7 s
enum { PIC1 = 0x20, OCW3_READ_IRR = 0x0a };

// In .data: these survive `test`, which clears .bss. The time that the tests take is not counted.
#define KEPT __attribute__((section(".data")))
volatile u64 clock_ticks KEPT = 0;
static u32 has_pm_timer KEPT = 0, pm_last KEPT = 0;
static u64 pm_count KEPT = 0; // 3579545 Hz

static void pm_update(void) {
  u32 now = in32(ACPI_PM_TIMER) & PM_TIMER_MASK;
  pm_count += (now - pm_last) & PM_TIMER_MASK;
  pm_last = now;
}

static u32 one_shot; // periods to the next interrupt; 0: the 8254 repeats by itself

static void pit_program(u8 mode, u32 count) {
  out8(PIT_CONTROL, mode);
  out8(PIT_CHANNEL0, (u8)count);
  out8(PIT_CHANNEL0, (u8)(count >> 8));
}

static void tick(struct frame *frame) {
  (void)frame;
  clock_ticks++;
  if (has_pm_timer) pm_update();
  if (!one_shot) return;
  shared->shots = shared->shots + 1;
  pit_program(PIT_ONE_SHOT, one_shot);
}

u32 clock_one_shots(u32 count) {
  if (!has_pm_timer) return 0;
  interrupts_off();
  one_shot = count;
  if (count) pit_program(PIT_ONE_SHOT, count);
  else pit_program(PIT_RATE_GENERATOR, PIT_RELOAD);
  interrupts_on();
  return 1;
}

static u32 pit_elapsed(void) { // counts since the last reload
  out8(PIT_CONTROL, PIT_LATCH0);
  u32 low = in8(PIT_CHANNEL0);
  return PIT_RELOAD - (low | (u32)in8(PIT_CHANNEL0) << 8);
}

static u64 pit_microseconds(void) {
  u64 ticks = clock_ticks;
  u32 elapsed = pit_elapsed();
  out8(PIC1, OCW3_READ_IRR);
  if (in8(PIC1) & 1 && elapsed < PIT_RELOAD / 2) ticks++; // reloaded, its interrupt still waits
  return ticks * TICK_MICROSECONDS + (u64)elapsed * 1000000 / 1193182;
}

u64 clock_microseconds(void) {
  u64 flags;
  __asm__ volatile("pushfq\n\tpop %0\n\tcli" : "=r"(flags) : : "memory");
  if (has_pm_timer) pm_update();
  u64 result = has_pm_timer ? pm_count * 1000000 / 3579545 : pit_microseconds();
  if (flags & 0x200) interrupts_on();
  return result;
}

const char *clock_source(void) { return has_pm_timer ? "ACPI timer" : "8254"; }

void clock_init(void) {
  pit_program(PIT_RATE_GENERATOR, PIT_RELOAD);
  set_irq(0, tick);
  pm_last = in32(ACPI_PM_TIMER) & PM_TIMER_MASK;
  u64 start = clock_ticks;
  while (clock_ticks < start + 1) wait_for_interrupt();
  if (has_pm_timer) return;
  has_pm_timer = (in32(ACPI_PM_TIMER) & PM_TIMER_MASK) != pm_last;
  pm_update();
}
