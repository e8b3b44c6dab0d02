// The cases of ops/traps.asm.
#pragma once
#include "types.h"

struct trap_case {
  const char *name;
  void *function;
  reg_t ip;
  u32 vector, error, strict, unused;
};

#define TRAP_CASES(name) extern const struct trap_case traps_##name[], traps_##name##_end[]
TRAP_CASES(common);
TRAP_CASES(real);
TRAP_CASES(ring0);
TRAP_CASES(ring3);
TRAP_CASES(ports);

void run_trap_cases(const char *mode, const char *name, const struct trap_case *first, const struct trap_case *end,
                    u32 where);
