; String instructions. SI: source, DI: destination, C: count, A: the value looked for or stored; DF comes in with
; the flags. kind: 1 stores to memory, 2 compares.
%include "macros.inc"
section .text

%macro STRING 1 ; size letter
  OP ALL_FLAGS, 1, {movs%1}
  OP ALL_FLAGS, 1, {rep movs%1}
  OP ALL_FLAGS, 1, {stos%1}
  OP ALL_FLAGS, 1, {rep stos%1}
  OP ALL_FLAGS, 1, {lods%1}
  OP ALL_FLAGS, 1, {rep lods%1}
  OP ALL_FLAGS, 2, {cmps%1}
  OP ALL_FLAGS, 2, {repe cmps%1}
  OP ALL_FLAGS, 2, {repne cmps%1}
  OP ALL_FLAGS, 2, {scas%1}
  OP ALL_FLAGS, 2, {repe scas%1}
  OP ALL_FLAGS, 2, {repne scas%1}
%endmacro

GROUP strings
  STRING b
  STRING w
  STRING d
  %if BITS == 64
    STRING q
    OP ALL_FLAGS, 1, {a32 rep movsb}
    OP ALL_FLAGS, 2, {a32 repne scasw}
  %else
    OP ALL_FLAGS, 1, {a32 rep movsb}
    OP ALL_FLAGS, 1, {es rep movsw}
    OP ALL_FLAGS, 2, {a32 repne scasw}
  %endif
  OP ALL_FLAGS, 1, {xor ecx, ecx}, {rep movsd}
  OP ALL_FLAGS, 2, {xor ecx, ecx}, {repe cmpsb}
  OP ALL_FLAGS, 0, {mov B, SI_}, {and eax, 31}, {xlatb}
ENDGROUP strings

; LOOP forms and JCXZ, as functions of their own because they need labels
loop_plain:
  and ecx, 15
  inc ecx
.again:
  lea eax, [eax + 3]
  loop .again
  RET
loop_equal:
  and ecx, 15
  inc ecx
.again:
  inc dl
  test dl, 3
  loopnz .again
  RET
loop_not_equal:
  and ecx, 15
  inc ecx
.again:
  test dl, 0x81
  loopz .again
  RET
jump_count_zero:
  and ecx, 1
  jecxz .zero
  mov al, 7
.zero:
  RET

GROUP loops
  ROW NO_FLAGS, 0, loop_plain
  ROW NO_FLAGS, 0, loop_equal
  ROW NO_FLAGS, 0, loop_not_equal
  ROW ALL_FLAGS, 0, jump_count_zero
ENDGROUP loops
