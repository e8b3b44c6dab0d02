; call_op(struct regs *regs, fn): load the registers and flags, call the row, store them back.
; call_x87(struct x87_case *, fn), call_sse(struct sse_case *, fn): the same for the other register files.
%include "macros.inc"
section .text
global call_op, call_x87, call_sse

%if BITS == 64
  %macro ENTER_CALL 0
    push rbx
    mov r8, rdi
    mov r9, rsi
  %endmacro
  %macro CALL_ROW 0
    call r9
  %endmacro
  %macro LEAVE_CALL 0
    pop rbx
    ret
  %endmacro
%else
  %macro ENTER_CALL 0
    push ebx
    push esi
    push edi
    push ebp
    mov ebp, [esp + 20]
    push dword [esp + 24]
  %endmacro
  %macro CALL_ROW 0
    call dword [esp]
  %endmacro
  %macro LEAVE_CALL 0
    lea esp, [esp + 4]
    pop ebp
    pop edi
    pop esi
    pop ebx
    RET
  %endmacro
%endif

; struct regs: a, c, d, b, si, di, flags
call_op:
  ENTER_CALL
%if BITS == 64
  push qword [BASE + 6 * REG_SIZE]
%else
  push dword [BASE + 6 * REG_SIZE]
%endif
  mov A, [BASE]
  mov C, [BASE + REG_SIZE]
  mov D, [BASE + 2 * REG_SIZE]
  mov B, [BASE + 3 * REG_SIZE]
  mov SI_, [BASE + 4 * REG_SIZE]
  mov DI_, [BASE + 5 * REG_SIZE]
%if BITS == 64
  popfq
%else
  popfd
%endif
  CALL_ROW
%if BITS == 64
  pushfq
  pop qword [BASE + 6 * REG_SIZE]
%else
  pushfd
  pop dword [BASE + 6 * REG_SIZE]
%endif
  cld
  mov [BASE], A
  mov [BASE + REG_SIZE], C
  mov [BASE + 2 * REG_SIZE], D
  mov [BASE + 3 * REG_SIZE], B
  mov [BASE + 4 * REG_SIZE], SI_
  mov [BASE + 5 * REG_SIZE], DI_
  LEAVE_CALL

; struct x87_case: a at 0, b at 16, result at 32, memory at 48 (16 bytes), control at 64, status at 66, eflags at 68
call_x87:
  ENTER_CALL
  fninit
  fld tword [BASE + 16]
  fld tword [BASE]
  fldcw [BASE + 64]
  CALL_ROW
  fnstsw [BASE + 66]
%if BITS == 64
  pushfq
  pop A
%else
  pushfd
  pop A
%endif
  mov [BASE + 68], eax
  fstp tword [BASE + 32]
  fninit
  LEAVE_CALL

; struct sse_case: a at 0, b at 16, result at 32, MXCSR in at 48, out at 52, integer at 56 (8 bytes), eflags at 64
call_sse:
  ENTER_CALL
  ldmxcsr [BASE + 48]
  movups xmm0, [BASE]
  movups xmm1, [BASE + 16]
  xor eax, eax
  CALL_ROW
  stmxcsr [BASE + 52]
  mov [BASE + 56], A
%if BITS == 64
  pushfq
  pop A
%else
  pushfd
  pop A
%endif
  mov [BASE + 64], eax
  movups [BASE + 32], xmm0
  LEAVE_CALL
