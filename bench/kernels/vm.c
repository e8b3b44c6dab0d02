/* A bytecode interpreter with one indirect jump per instruction; the program counts Collatz steps. */
#include "kernel.h"

enum op { SET, MOVE, ADD, ADDI, SHR1, ANDI, JZ, JNZ, JMP, LOOP, HALT };

struct code {
  uint8_t op, a, b;
  int8_t k;
};

/* r0: outer counter, r1: value, r2: steps, r3, r4: scratch */
static const struct code program[] = {
    /*  0 */ {MOVE, 1, 0, 0},
    /*  1 */ {ADDI, 1, 0, 26},
    /*  2 */ {ANDI, 3, 1, 1},
    /*  3 */ {ADDI, 2, 0, 1},
    /*  4 */ {JZ, 3, 0, 9},
    /*  5 */ {MOVE, 4, 1, 0},
    /*  6 */ {ADD, 1, 4, 0},
    /*  7 */ {ADD, 1, 4, 0},
    /*  8 */ {ADDI, 1, 0, 1},
    /*  9 */ {SHR1, 1, 0, 0},
    /* 10 */ {MOVE, 4, 1, 0},
    /* 11 */ {ADDI, 4, 0, -1},
    /* 12 */ {JNZ, 4, 0, 2},
    /* 13 */ {LOOP, 0, 0, 0},
    /* 14 */ {HALT, 0, 0, 0},
};

static uint64_t run(uint32_t n) {
  static const void *const labels[] = {&&set,  &&move, &&add, &&addi, &&shr1, &&andi,
                                       &&jz,   &&jnz,  &&jmp, &&loop, &&halt};
  uint32_t r[8] = {n, 0, 0, 0, 0, 0, 0, 0};
  const struct code *at = program;
#define NEXT goto *labels[at->op]
  NEXT;
set:
  r[at->a] = (uint32_t)at->k;
  at++;
  NEXT;
move:
  r[at->a] = r[at->b];
  at++;
  NEXT;
add:
  r[at->a] += r[at->b];
  at++;
  NEXT;
addi:
  r[at->a] += (uint32_t)at->k;
  at++;
  NEXT;
shr1:
  r[at->a] >>= 1;
  at++;
  NEXT;
andi:
  r[at->a] = r[at->b] & (uint32_t)at->k;
  at++;
  NEXT;
jz:
  at = r[at->a] == 0 ? program + at->k : at + 1;
  NEXT;
jnz:
  at = r[at->a] != 0 ? program + at->k : at + 1;
  NEXT;
jmp:
  at = program + at->k;
  NEXT;
loop:
  at = --r[at->a] != 0 ? program + at->k : at + 1;
  NEXT;
halt:
  return r[2];
}

KERNEL(vm, no_setup, run);
