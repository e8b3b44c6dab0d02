; Integer instructions. Operands: A (x), D (y), C (z). Flags left out of a row are undefined after it
; (SDM volume 1, appendix A).
%include "macros.inc"

section .bss
alignb 16
  resb 16 ; bit strings reach below
scratch: resb 32

section .text

%macro BINARY 2 ; mnemonic, flags: register, high byte and read-modify-write forms of every size
  OP %2, 0, {%1 al, dl}
  OP %2, 0, {%1 ah, dl}
  OP %2, 0, {%1 ax, dx}
  OP %2, 0, {%1 eax, edx}
  %if BITS == 64
    OP %2, 0, {%1 rax, rdx}
  %endif
  OP %2, 0, {mov [scratch], A}, {%1 [scratch], dx}, {mov A, [scratch]}
  OP %2, 0, {mov [scratch], D}, {%1 A, [scratch]}
  OP %2, 0, {%1 al, 0x9c}
  OP %2, 0, {%1 dx, -3}
  OP %2, 0, {%1 A, 0x12345678}
%endmacro

%macro UNARY 2
  OP %2, 0, {%1 al}
  OP %2, 0, {%1 dh}
  OP %2, 0, {%1 ax}
  OP %2, 0, {%1 eax}
  %if BITS == 64
    OP %2, 0, {%1 rax}
  %endif
  OP %2, 0, {mov [scratch], A}, {%1 byte [scratch + 1]}, {mov A, [scratch]}
%endmacro

GROUP add
  BINARY add, ALL_FLAGS
  BINARY adc, ALL_FLAGS
ENDGROUP add

GROUP sub
  BINARY sub, ALL_FLAGS
  BINARY sbb, ALL_FLAGS
  BINARY cmp, ALL_FLAGS
ENDGROUP sub

GROUP logic
  BINARY and, LOGIC_FLAGS
  BINARY or, LOGIC_FLAGS
  BINARY xor, LOGIC_FLAGS
  OP LOGIC_FLAGS, 0, {test al, dl}
  OP LOGIC_FLAGS, 0, {test A, D}
  OP LOGIC_FLAGS, 0, {test ax, 0x8421}
ENDGROUP logic

GROUP unary
  UNARY inc, ALL_FLAGS ; CF must come through unchanged
  UNARY dec, ALL_FLAGS
  UNARY neg, ALL_FLAGS
  UNARY not, ALL_FLAGS ; all must
ENDGROUP unary

GROUP extend
  OP ALL_FLAGS, 0, {cbw}
  OP ALL_FLAGS, 0, {cwde}
  OP ALL_FLAGS, 0, {cwd}
  OP ALL_FLAGS, 0, {cdq}
  OP ALL_FLAGS, 0, {movsx ax, dl}
  OP ALL_FLAGS, 0, {movsx eax, dl}
  OP ALL_FLAGS, 0, {movsx eax, dx}
  OP ALL_FLAGS, 0, {movzx ax, dh}
  OP ALL_FLAGS, 0, {movzx eax, dl}
  OP ALL_FLAGS, 0, {movzx eax, dx}
  OP ALL_FLAGS, 0, {bswap eax}
  OP ALL_FLAGS, 0, {xchg al, dh}, {xchg ax, cx}
  OP ALL_FLAGS, 0, {xchg A, D}, {mov [scratch], D}, {xchg [scratch], A}
  OP ALL_FLAGS, 0, {lahf}
  OP ALL_FLAGS, 0, {and ah, 0xd5}, {sahf}, {lahf}
  OP ALL_FLAGS, 0, {cmc}
  OP ALL_FLAGS, 0, {stc}
  OP ALL_FLAGS, 0, {clc}
  %if BITS == 64
    OP ALL_FLAGS, 0, {cdqe}
    OP ALL_FLAGS, 0, {cqo}
    OP ALL_FLAGS, 0, {movsx rax, dl}
    OP ALL_FLAGS, 0, {movsx rax, dx}
    OP ALL_FLAGS, 0, {movsxd rax, edx}
    OP ALL_FLAGS, 0, {movzx rax, dx}
    OP ALL_FLAGS, 0, {mov eax, edx}
    OP ALL_FLAGS, 0, {bswap rax}
    OP ALL_FLAGS, 0, {mov r9, rax}, {mov r10b, dl}, {mov r9b, r10b}, {mov rax, r9}, {mov sil, dl}, {mov cl, sil}
  %endif
ENDGROUP extend

GROUP exchange
  OP ALL_FLAGS, 0, {xadd al, dl}
  OP ALL_FLAGS, 0, {xadd ax, dx}
  OP ALL_FLAGS, 0, {xadd eax, edx}
  OP ALL_FLAGS, 0, {mov [scratch], A}, {lock xadd [scratch], edx}, {mov A, [scratch]}
  OP ALL_FLAGS, 0, {cmpxchg dl, cl}
  OP ALL_FLAGS, 0, {cmpxchg dx, cx}
  OP ALL_FLAGS, 0, {cmpxchg edx, ecx}
  OP ALL_FLAGS, 0, {mov [scratch], D}, {lock cmpxchg [scratch], ecx}, {mov D, [scratch]}
  OP ALL_FLAGS, 0, {mov dword [scratch], 1}, {mov dword [scratch + 4], 2}, {lock cmpxchg8b [scratch]}, \
     {mov eax, [scratch]}, {mov edx, [scratch + 4]}
  %if BITS == 64
    OP ALL_FLAGS, 0, {xadd rax, rdx}
    OP ALL_FLAGS, 0, {cmpxchg rdx, rcx}
    OP ALL_FLAGS, 0, {lock cmpxchg [scratch], rcx}, {mov rdx, [scratch]}
  %endif
ENDGROUP exchange

; kind of a shift row: operand size in bits, plus 100h for RCL/RCR and 200h for ROL/ROR, 400h for SHLD/SHRD, 800h for SAR
%macro SHIFT 2 ; mnemonic, class
  OP ALL_FLAGS, %2 | 8, {%1 al, cl}
  OP ALL_FLAGS, %2 | 16, {%1 ax, cl}
  OP ALL_FLAGS, %2 | 32, {%1 eax, cl}
  %if BITS == 64
    OP ALL_FLAGS, %2 | 64, {%1 rax, cl}
  %endif
  OP ALL_FLAGS, %2 | 32, {mov [scratch], eax}, {%1 dword [scratch], cl}, {mov eax, [scratch]}
%endmacro

GROUP shift
  SHIFT shl, 0
  SHIFT shr, 0
  SHIFT sar, 0x800
ENDGROUP shift

GROUP rotate
  SHIFT rol, 0x200
  SHIFT ror, 0x200
  SHIFT rcl, 0x100
  SHIFT rcr, 0x100
ENDGROUP rotate

GROUP double_shift
  OP ALL_FLAGS, 0x400 | 16, {shld ax, dx, cl}
  OP ALL_FLAGS, 0x400 | 16, {shrd ax, dx, cl}
  OP ALL_FLAGS, 0x400 | 32, {shld eax, edx, cl}
  OP ALL_FLAGS, 0x400 | 32, {shrd eax, edx, cl}
  %if BITS == 64
    OP ALL_FLAGS, 0x400 | 64, {shld rax, rdx, cl}
    OP ALL_FLAGS, 0x400 | 64, {shrd rax, rdx, cl}
  %endif
ENDGROUP double_shift

; One-bit and immediate forms: the same opcodes as group 2 with D0/D1 and C0/C1
GROUP shift_fixed
  OP LOGIC_FLAGS, 0, {shl al, 1}
  OP LOGIC_FLAGS, 0, {shr ax, 1}
  OP LOGIC_FLAGS, 0, {sar A, 1}
  OP ALL_FLAGS, 0, {rol al, 1}
  OP ALL_FLAGS, 0, {ror dx, 1}
  OP ALL_FLAGS, 0, {rcl A, 1}
  OP ALL_FLAGS, 0, {rcr D, 1}
  OP LOGIC_FLAGS & ~OF, 0, {shl A, 7}
  OP LOGIC_FLAGS & ~OF, 0, {shr eax, 31}
  OP LOGIC_FLAGS & ~OF, 0, {sar dx, 9}
  OP ALL_FLAGS & ~OF, 0, {rol eax, 13}
  OP ALL_FLAGS & ~OF, 0, {rcr ax, 5}
  OP LOGIC_FLAGS & ~OF, 0, {shld eax, edx, 11}
ENDGROUP shift_fixed

; SF, ZF, AF and PF are undefined after MUL and IMUL, all flags after DIV and IDIV
GROUP multiply
  OP CF | OF, 0, {mul dl}
  OP CF | OF, 0, {mul dx}
  OP CF | OF, 0, {mul edx}
  OP CF | OF, 0, {imul dl}
  OP CF | OF, 0, {imul dx}
  OP CF | OF, 0, {imul edx}
  OP CF | OF, 0, {imul ax, dx}
  OP CF | OF, 0, {imul eax, edx}
  OP CF | OF, 0, {imul cx, dx, -7}
  OP CF | OF, 0, {imul ecx, edx, 0x1234567}
  OP CF | OF, 0, {mov [scratch], D}, {mul byte [scratch + 1]}
  %if BITS == 64
    OP CF | OF, 0, {mul rdx}
    OP CF | OF, 0, {imul rdx}
    OP CF | OF, 0, {imul rax, rdx}
    OP CF | OF, 0, {imul rcx, rdx, -129}
  %endif
ENDGROUP multiply

; A product divided by one factor never overflows; an added remainder smaller than the factor keeps it so.
%macro DIVISION 4 ; low, high, divisor, sign extension
  OP NO_FLAGS, 0, {or %3, 1}, {xor %2, %2}, {div %3}
  OP NO_FLAGS, 0, {or %3, 1}, {mul %3}, {mov D_SAVE, %2}, {div %3}
  OP NO_FLAGS, 0, {or %3, 1}, {sar %1, 1}, {%4}, {idiv %3}
  OP NO_FLAGS, 0, {or %3, 1}, {imul %3}, {mov D_SAVE, %2}, {idiv %3}
%endmacro

GROUP divide
  OP NO_FLAGS, 0, {or cl, 1}, {xor ah, ah}, {div cl}
  OP NO_FLAGS, 0, {or cl, 1}, {mul cl}, {div cl}
  OP NO_FLAGS, 0, {or cl, 1}, {sar al, 1}, {cbw}, {idiv cl}
  OP NO_FLAGS, 0, {or cl, 1}, {imul cl}, {idiv cl}
  %define D_SAVE bx
  DIVISION ax, dx, cx, cwd
  %define D_SAVE ebx
  DIVISION eax, edx, ecx, cdq
  %if BITS == 64
    %define D_SAVE rbx
    DIVISION rax, rdx, rcx, cqo
  %endif
ENDGROUP divide

GROUP bits
  OP CF, 0, {bt eax, edx}
  OP CF, 0, {bts ax, dx}
  OP CF, 0, {btr eax, edx}
  OP CF, 0, {btc eax, edx}
  OP CF, 0, {bt ax, 11}
  OP CF, 0, {btc eax, 29}
  OP CF, 0, {mov dword [scratch - 4], 0x55555555}, {mov dword [scratch + 4], 0x33333333}, {mov [scratch], eax}, {and edx, 63}, {sub edx, 16}, {bts [scratch], edx}, {mov eax, [scratch]}
  OP ZF, 0, {or eax, 0x10000}, {bsf edx, eax}
  OP ZF, 0, {or ax, 0x100}, {bsr dx, ax}
  OP ZF, 0, {or eax, 1}, {bsr edx, eax}
  OP ZF, 0, {xor eax, eax}, {bsf ecx, eax}, {mov ecx, 0} ; destination undefined for a zero source
  %if BITS == 64
    OP CF, 0, {bt rax, rdx}
    OP CF, 0, {bts rax, rdx}
    OP CF, 0, {btr rax, 47}
    OP CF, 0, {btc rax, rdx}
    OP ZF, 0, {bts rax, 63}, {bsf rdx, rax}
    OP ZF, 0, {or rax, 2}, {bsr rdx, rax}
  %endif
ENDGROUP bits

; Every condition, both as a byte and as a move and as a branch
%macro CONDITION 1
  OP ALL_FLAGS, 0, {set%1 al}
  OP ALL_FLAGS, 0, {cmov%1 eax, ecx}
  OP ALL_FLAGS, 0, {mov cl, 1}, {j%1 $ + 4}, {mov cl, 2}
%endmacro

GROUP condition
  %macro CONDITIONS 1-*
    %rep %0
      CONDITION %1
      %rotate 1
    %endrep
  %endmacro
  CONDITIONS o, no, b, ae, e, ne, be, a, s, ns, p, np, l, ge, le, g
ENDGROUP condition

%if BITS != 64
; OF is undefined after DAA and DAS; AAA and AAS define AF and CF only; AAM and AAD define SF, ZF and PF
GROUP bcd
  OP ALL_FLAGS & ~OF, 0, {daa}
  OP ALL_FLAGS & ~OF, 0, {das}
  OP CF | AF, 0, {aaa}
  OP CF | AF, 0, {aas}
  OP SF | ZF | PF, 0, {aam}
  OP SF | ZF | PF, 0, {aad}
  OP SF | ZF | PF, 0, {aam 7}
  OP SF | ZF | PF, 0, {aad 16}
  OP ALL_FLAGS, 0, {salc}
ENDGROUP bcd
%endif
