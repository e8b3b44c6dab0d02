; x87 rows. ST0 = a, ST1 = b; the case's 16 bytes of memory are at BASE + 48. kind: which status bits count.
; C1 is left out (it is the rounding direction, which some software FPUs do not keep), DE too.
%include "macros.inc"
section .text

EXCEPTIONS equ 0x3d | 0x40 ; IE ZE OE UE PE and SF; DE left out
CONDITIONS equ 0x4500      ; C0 C2 C3
SIGN equ 0x0200            ; C1 where the instruction defines it as something else than rounding
TOP equ 0x3800
PLAIN equ EXCEPTIONS | TOP
NEAR_ONLY equ 0x10000              ; only normal operands whose exponents are near (a partial remainder differs between CPUs)
ONE_NAN equ 0x20000        ; not with two NaNs
EXTENDED_ONLY equ 0x40000  ; only with extended precision

%if BITS == 16
  TAG_STEP equ 2 ; FNSTENV: words with a 16-bit operand size, doublewords otherwise; control, status, tag first
%else
  TAG_STEP equ 4
%endif

GROUP x87_arithmetic
  OP NO_FLAGS, PLAIN, {fadd st0, st1}
  OP NO_FLAGS, PLAIN, {fsub st0, st1}
  OP NO_FLAGS, PLAIN, {fsubr st0, st1}
  OP NO_FLAGS, PLAIN, {fmul st0, st1}
  OP NO_FLAGS, PLAIN, {fdiv st0, st1}
  OP NO_FLAGS, PLAIN, {fdivrp st1, st0}
  OP NO_FLAGS, PLAIN, {fsqrt}
ENDGROUP x87_arithmetic

GROUP x87_round
  OP NO_FLAGS, PLAIN | EXTENDED_ONLY, {frndint}
  OP NO_FLAGS, PLAIN, {fist word [BASE + 48]}
  OP NO_FLAGS, PLAIN, {fist dword [BASE + 48]}
  OP NO_FLAGS, PLAIN, {fistp qword [BASE + 48]}
  OP NO_FLAGS, PLAIN, {fst dword [BASE + 48]}
  OP NO_FLAGS, PLAIN, {fst qword [BASE + 48]}
  OP NO_FLAGS, PLAIN, {fbstp [BASE + 48]}
ENDGROUP x87_round

GROUP x87_compare
  OP NO_FLAGS, PLAIN | CONDITIONS, {fcom st1}
  OP NO_FLAGS, PLAIN | CONDITIONS, {fucom st1}
  OP NO_FLAGS, PLAIN | CONDITIONS, {fucompp}, {fldz}
  OP NO_FLAGS, PLAIN | CONDITIONS, {ftst}
  OP NO_FLAGS, PLAIN | CONDITIONS | SIGN, {fxam}
  OP CF | PF | ZF, PLAIN, {fcomi st0, st1}
  OP CF | PF | ZF, PLAIN, {fucomi st0, st1}
ENDGROUP x87_compare

GROUP x87_parts
  OP NO_FLAGS, PLAIN, {fabs}
  OP NO_FLAGS, PLAIN, {fchs}
  OP NO_FLAGS, PLAIN, {fxtract}
  OP NO_FLAGS, PLAIN, {fxtract}, {fxch st1}
  OP NO_FLAGS, PLAIN | ONE_NAN, {fscale}
  OP NO_FLAGS, PLAIN | CONDITIONS | SIGN | NEAR_ONLY, {fprem}
  OP NO_FLAGS, PLAIN | NEAR_ONLY, {fprem1}
ENDGROUP x87_parts

; Loads from memory formats; the integer patterns are the low bytes of a
GROUP x87_load
  OP NO_FLAGS, PLAIN, {fild word [BASE]}
  OP NO_FLAGS, PLAIN, {fild dword [BASE + 4]}
  OP NO_FLAGS, PLAIN, {fild qword [BASE]}
  OP NO_FLAGS, PLAIN, {fld dword [BASE + 4]}
  OP NO_FLAGS, PLAIN, {fld qword [BASE + 1]}
  OP NO_FLAGS, PLAIN, {fadd dword [BASE + 4]}
  OP NO_FLAGS, PLAIN, {fdivr qword [BASE + 17]}
  OP NO_FLAGS, PLAIN, {fimul word [BASE + 18]}
  OP NO_FLAGS, PLAIN, {fisub dword [BASE + 20]}
  OP NO_FLAGS, PLAIN, {fbstp [BASE + 48]}, {fbld [BASE + 48]}
  OP NO_FLAGS, PLAIN, {mov dword [BASE + 48], 0x87654321}, {mov dword [BASE + 52], 0x12345690}, \
     {mov word [BASE + 56], 0x8099}, {fbld [BASE + 48]}
ENDGROUP x87_load

; Constants follow the rounding control
GROUP x87_stack
  OP NO_FLAGS, PLAIN, {fldpi}
  OP NO_FLAGS, PLAIN, {fldl2e}
  OP NO_FLAGS, PLAIN, {fldl2t}
  OP NO_FLAGS, PLAIN, {fldlg2}
  OP NO_FLAGS, PLAIN, {fldln2}
  OP NO_FLAGS, PLAIN, {fld1}
  OP NO_FLAGS, PLAIN, {fldz}, {fchs}
  OP NO_FLAGS, PLAIN, {ffree st0}, {fincstp}
  OP NO_FLAGS, PLAIN, {fnstenv [BASE + 72]}, {mov ax, [BASE + 72 + 2 * TAG_STEP]}, {mov [BASE + 48], ax}
ENDGROUP x87_stack

GROUP x87_move
  OP CF, PLAIN, {stc}, {fcmovb st0, st1}
  OP CF, PLAIN, {stc}, {fcmovnb st0, st1}
  OP NO_FLAGS, PLAIN, {xor eax, eax}, {fcmove st0, st1}
  OP NO_FLAGS, PLAIN, {xor eax, eax}, {fcmovnu st0, st1}
  OP NO_FLAGS, PLAIN, {fld st1}, {fst st2}, {fstp st0}
ENDGROUP x87_move

; What QEMU's TCG leaves out: faults of the register stack, FRNDINT whatever the precision, FPREM1's quotient bits
GROUP x87_strict
  OP NO_FLAGS, PLAIN | SIGN, {fldz}, {fld1}, {fldz}, {fld1}, {fldz}, {fld1}, {fldz} ; the ninth: overflow, C1 = 1
  OP NO_FLAGS, PLAIN | SIGN, {fstp st0}, {fstp st0}, {fadd st0, st1}                ; empty: underflow, C1 = 0
  OP NO_FLAGS, PLAIN, {fdecstp}, {fld1}, {fincstp}
  OP NO_FLAGS, PLAIN, {frndint}
  OP NO_FLAGS, PLAIN | CONDITIONS | SIGN | NEAR_ONLY, {fprem1}
ENDGROUP x87_strict
