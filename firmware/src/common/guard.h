// Calls that an exception may end: the same in every mode.
#pragma once
#include "types.h"

// What ended a guarded call: an exception's vector, or one of the numbers below; and the registers at that point.
struct trap {
  reg_t vector, error, ip, sp, flags, cs, ss, cr2;
  reg_t c, si, di;
};
enum { VECTOR_RETURNED = 0x100, VECTOR_INTERRUPTED = 0x101 };
enum { RING0 = 0, RING3 = 1, RING3_32 = 2, VIRTUAL_8086 = 3 };

// Calls function(argument); *trap tells how it ended. The value is what a call that returned gave.
reg_t guarded(void *function, reg_t argument, u32 where, struct trap *trap);

extern reg_t (*page_fault_hook)(reg_t address); // when set and it answers 1, the access is made again
