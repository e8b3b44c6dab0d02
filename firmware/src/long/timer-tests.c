// The 8254 and the real-time clock as sources of interrupts, each measured with the other.
#include "../common/cmos.h"
#include "../common/io.h"
#include "../common/report.h"
#include "kernel.h"
#include "tests.h"

enum { PIT_CHANNEL0 = 0x40, PIT_CONTROL = 0x43, PIT_RATE_GENERATOR = 0x34, PIT_READ_BACK = 0xe2 };
enum { PIT_KHZ = 1193, PIT_FREE = 0 }; // reload values: 1000.15 Hz, and 65536
enum { RTC_PIE = 0x40, RTC_RATE_128 = 9, RTC_IRQ = 8, RTC_PF = 0x40 };
enum { TICKS = 10, ATTEMPTS = 3 };

static volatile u32 pit_ticks, rtc_ticks, rtc_flags;

static void count_pit(struct frame *frame) {
  (void)frame;
  pit_ticks++;
}

static void count_rtc(struct frame *frame) {
  (void)frame;
  rtc_flags |= cmos_read(RTC_C); // reading C is what lets the next one come
  rtc_ticks++;
}

static void pit_program(u32 reload) {
  out8(PIT_CONTROL, PIT_RATE_GENERATOR);
  out8(PIT_CHANNEL0, (u8)reload);
  out8(PIT_CHANNEL0, (u8)(reload >> 8));
}

static u32 pit_count(void) {
  out8(PIT_CONTROL, 0); // latch channel 0
  u32 low = in8(PIT_CHANNEL0);
  return low | (u32)in8(PIT_CHANNEL0) << 8;
}

static void pit_test(void) {
  checks_begin("timer", "8254: IRQ 0 at 1 kHz, counter, read-back");
  set_irq(0, count_pit);
  pit_program(PIT_KHZ);
  pit_ticks = 0;
  while (pit_ticks < TICKS) wait_for_interrupt();
  interrupts_off();
  check("ten ticks", TICKS, pit_ticks);
  u32 count = pit_count();
  check("counter within its range", 1, count >= 1 && count <= PIT_KHZ);
  out8(PIT_CONTROL, PIT_READ_BACK); // status of channel 0
  check("status: mode 2, low byte then high byte", PIT_RATE_GENERATOR, in8(PIT_CHANNEL0) & 0x3f);
  interrupts_on();
  checks_end();
}

// Counts of the 8254 in 4 periods of 1/128 s: 37287 when neither is late. A busy host may delay or join interrupts, so
// the measurement has three attempts.
static void rtc_test(void) {
  enum { PERIODS = 4, EXPECTED = 37287, TOLERANCE = EXPECTED / 4 };
  mask_irq(0);
  pit_program(PIT_FREE);
  u8 control_a = cmos_read(RTC_A), control_b = cmos_read(RTC_B);
  cmos_write(RTC_A, (control_a & 0x70) | RTC_RATE_128);
  cmos_write(RTC_B, control_b | RTC_PIE);
  cmos_read(RTC_C);
  set_irq(RTC_IRQ, count_rtc);
  u32 good = 0;
  rtc_flags = 0;
  for (u32 attempt = 0; attempt < ATTEMPTS && !good; attempt++) {
    rtc_ticks = 0;
    while (rtc_ticks < 1) wait_for_interrupt();
    u32 start = pit_count();
    while (rtc_ticks < 1 + PERIODS) wait_for_interrupt();
    u32 elapsed = (start - pit_count()) & 0xffff;
    good = elapsed > EXPECTED - TOLERANCE && elapsed < EXPECTED + TOLERANCE;
  }
  cmos_write(RTC_B, control_b);
  cmos_write(RTC_A, control_a);
  cmos_read(RTC_C);
  mask_irq(RTC_IRQ);
  checks_begin("timer", "real-time clock: IRQ 8 at 128 Hz");
  check("periodic flag in register C", RTC_PF, rtc_flags & RTC_PF);
  check("4 periods last 31 ms of the 8254's time", 1, good);
  check("clock is running and valid", 0x80, cmos_read(RTC_D) & 0x80);
  checks_end();
}

void timer_tests(void) {
  pit_test();
  rtc_test();
}
