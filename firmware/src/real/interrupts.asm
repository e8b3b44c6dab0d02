; Interrupt vectors of real mode and the guarded call they return to.
bits 16
global guarded_call, vector_entries, interrupt_flow

section .text
%assign vector 0
%rep 128
entry_ %+ vector:
  push word vector
  jmp save
  %assign vector vector + 1
%endrep

; Stack: vector, IP, CS, FLAGS. Cuts the guarded call short.
save:
  push bp
  push ds
  xor bp, bp
  mov ds, bp
  mov bp, sp
  push eax
  mov ax, [bp + 4]
  mov [trap_vector], ax
  mov ax, [bp + 6]
  mov [trap_ip], ax
  mov ax, [bp + 8]
  mov [trap_cs], ax
  mov ax, [bp + 10]
  mov [trap_flags], ax
  pop eax
  lea bp, [bp + 12]
  mov [trap_sp], bp
  jmp resume

; u32 guarded_call(function): the vector that ended it, or 100h
guarded_call:
  push ebx
  push esi
  push edi
  push ebp
  mov [guard_sp], esp
  mov eax, [esp + 20]
  call eax
  mov word [trap_vector], 0x100
resume:
  xor ax, ax
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov esp, [guard_sp]
  pop ebp
  pop edi
  pop esi
  pop ebx
  cld
  movzx eax, word [trap_vector]
  o32 ret

; u32 interrupt_flow(): INT and IRET. Answers bits: 0 IF was clear inside, 1 TF was clear inside, 2 IF is back,
; 3 the handler's change to CF on the stack came back, 4 the stack pointer is back, 5 CS:IP on the stack was right.
interrupt_flow:
  push ebx
  mov dword [0x43 * 4], .handler
  mov bx, sp
  xor edx, edx
  sti
  stc
  int 0x43
.after:
  pushf
  cli
  pop cx
  test cx, 0x200
  jz .no_if
  or dl, 4
.no_if:
  test cx, 1
  jnz .carry
  or dl, 8
.carry:
  cmp bx, sp
  jne .stack
  or dl, 16
.stack:
  mov eax, edx
  pop ebx
  o32 ret
.handler:
  push bp
  mov bp, sp
  pushf
  pop cx
  test cx, 0x200
  jnz .if_set
  or dl, 1
.if_set:
  test cx, 0x100
  jnz .tf_set
  or dl, 2
.tf_set:
  cmp word [bp + 2], .after
  jne .wrong
  cmp word [bp + 4], 0
  jne .wrong
  or dl, 32
.wrong:
  and byte [bp + 6], ~1
  pop bp
  iret

section .rodata
align 4
vector_entries:
%assign vector 0
%rep 128
  dw entry_ %+ vector
  %assign vector vector + 1
%endrep

section .bss
alignb 4
global trap_vector, trap_ip, trap_cs, trap_flags, trap_sp
guard_sp: resd 1
trap_vector: resw 1
trap_ip: resw 1
trap_cs: resw 1
trap_flags: resw 1
trap_sp: resw 1
