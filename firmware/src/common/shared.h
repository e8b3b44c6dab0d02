// What the three programs hand to each other: results so far, and how the tests were asked for.
#pragma once
#include "layout.h"
#include "types.h"

struct shared {
  u32 passed;
  u32 failed;
  u32 skipped;
  u32 again;       // 1: the tests were asked for at the prompt; 0: power-up
  u32 skip_legacy; // 1: go straight to long mode (CMOS 7Fh bit 0, see README)
  u32 skip_system; // 1: in long mode only the ring-3 suite and the timers (bit 1)
  u32 shots;       // timer interrupts since clock_one_shots
  u32 under_qemu;  // 1: QEMU's TCG, which does not check segment limits or alignment
};

#define shared ((volatile struct shared *)SHARED_BLOCK)
