; Effective addresses: every base, index and scale form. LEA changes no flag and touches no memory.
; A, C, D, B, SI, DI hold values; results go to A.
%include "macros.inc"
section .text

GROUP address
  OP ALL_FLAGS, 0, {lea eax, [ebx]}
  OP ALL_FLAGS, 0, {lea eax, [ebx + esi]}
  OP ALL_FLAGS, 0, {lea eax, [ecx + edi * 2 + 5]}
  OP ALL_FLAGS, 0, {lea eax, [edx + eax * 4 - 0x80]}
  OP ALL_FLAGS, 0, {lea eax, [esi + ebx * 8 + 0x12345678]}
  OP ALL_FLAGS, 0, {lea eax, [edi * 4 + 0x1000]}
  OP ALL_FLAGS, 0, {lea ax, [edx + ecx * 2 + 0x7fffffff]}
  OP ALL_FLAGS, 0, {push C}, {lea eax, [ecx + edx]}, {pop D}
  %if BITS != 64
    OP ALL_FLAGS, 0, {lea eax, [bx + si]}
    OP ALL_FLAGS, 0, {lea eax, [bx + di + 0x7f]}
    OP ALL_FLAGS, 0, {lea ax, [bx + si - 0x80]}
    OP ALL_FLAGS, 0, {lea ax, [si + 0x1234]}
    OP ALL_FLAGS, 0, {lea eax, [di - 1]}
    OP ALL_FLAGS, 0, {lea ax, [bx + 0x7ffe]}
    OP ALL_FLAGS, 0, {xchg ebp, edx}, {lea eax, [bp + si + 3]}, {xchg ebp, edx}
    OP ALL_FLAGS, 0, {xchg ebp, edx}, {lea ax, [bp + di]}, {xchg ebp, edx}
    OP ALL_FLAGS, 0, {xchg ebp, edx}, {lea ax, [bp]}, {xchg ebp, edx}
  %else
    OP ALL_FLAGS, 0, {lea rax, [rbx + rsi]}
    OP ALL_FLAGS, 0, {lea rax, [rcx + rdi * 8 - 0x12345678]}
    OP ALL_FLAGS, 0, {lea rax, [edx + ecx * 2 + 1]}
    OP ALL_FLAGS, 0, {mov r10, rcx}, {mov r11, rdx}, {lea rax, [r10 + r11 * 4 + 9]}
    OP ALL_FLAGS, 0, {mov r10, rcx}, {lea eax, [r10d * 2 + 3]}
  %endif
  OP ALL_FLAGS, 0, {push D}, {push A}, {pop C}, {pop B}
  OP ALL_FLAGS, 0, {push dword -2}, {pop C}, {push dword 0x12345678}, {pop D}
  OP ALL_FLAGS, 0, {push ax}, {push cx}, {pop dx}, {pop bx}
  %if BITS != 64
    ; PUSHA stores the old stack pointer, POPA skips it
    OP ALL_FLAGS, 0, {o32 pusha}, {mov eax, [esp + 28]}, {xor ebx, ebx}, {mov [esp + 24], eax}, {mov [esp + 12], ebx}, {o32 popa}
    OP ALL_FLAGS, 0, {o16 pusha}, {mov bx, [esp + 14]}, {mov [esp + 12], bx}, {o16 popa}
  %endif
ENDGROUP address
