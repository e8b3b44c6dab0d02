; Interrupt entries of the 32-bit kernel, the guarded call they return to, ring 3 and virtual-8086 mode.
bits 32
extern handle_trap, v86_iopl
global trap_entries, guarded_call, guard_esp, load_tables

TRAP_STACK equ 0x80000
USER_STACK equ 0x9f000
V86_STACK equ 0xe000
V86_CALL equ 0x1008 ; the real-mode program's pointer to its v86_call
DATA0 equ 0x10
CODE3 equ 0x1b
DATA3 equ 0x23
TSS_MAIN equ 0x28
EFLAGS_VM equ 0x20000
EXIT_VECTOR equ 0x80

section .text
%assign vector 0
%rep 256
entry_ %+ vector:
  %if vector != 8 && (vector < 10 || vector > 14) && vector != 17
    push 0
  %endif
  push vector
  jmp save_and_handle
  %assign vector vector + 1
%endrep

; Builds struct frame (kernel.h). handle_trap answers 1 to end the guarded call.
save_and_handle:
  pushad
  push ds
  push es
  push fs
  push gs
  mov eax, DATA0
  mov ds, eax
  mov es, eax
  cld
  push esp
  call handle_trap
  add esp, 4
  test eax, eax
  jnz end_call
  pop gs
  pop fs
  pop es
  pop ds
  popad
  add esp, 8
  iretd

; u32 guarded_call(function, argument, where): as RING0 and so on in common/guard.h. The value is EAX at the end.
guarded_call:
  push ebp
  push ebx
  push esi
  push edi
  push dword [guard_esp]
  mov [guard_esp], esp
  mov eax, [esp + 24]
  mov edx, [esp + 28]
  mov ecx, [esp + 32]
  cmp ecx, 1
  je enter_user
  ja enter_v86
  push edx
  call eax
  jmp resume
end_call:
  mov eax, [guard_value]
resume:
  mov esp, [guard_esp]
  push dword 2
  popfd
  mov edx, DATA0
  mov ds, edx
  mov es, edx
  mov fs, edx
  mov gs, edx
  pop dword [guard_esp]
  pop edi
  pop esi
  pop ebx
  pop ebp
  ret

enter_user:
  mov ecx, DATA3
  mov ds, ecx
  mov es, ecx
  push ecx
  push USER_STACK
  push dword 2
  push dword CODE3
  push dword user_start
  iretd
user_start:
  push edx
  call eax
  int EXIT_VECTOR

enter_v86:
  xor ecx, ecx
  push ecx ; GS
  push ecx ; FS
  push ecx ; DS
  push ecx ; ES
  push ecx ; SS
  push dword V86_STACK
  mov ebx, [v86_iopl]
  shl ebx, 12
  or ebx, EFLAGS_VM | 2
  push ebx
  push ecx ; CS
  push dword [V86_CALL]
  iretd

; void load_tables(gdt pointer, idt pointer)
load_tables:
  mov eax, [esp + 4]
  lgdt [eax]
  mov eax, [esp + 8]
  lidt [eax]
  jmp 0x08:.code
.code:
  mov eax, DATA0
  mov ds, eax
  mov es, eax
  mov ss, eax
  mov fs, eax
  mov gs, eax
  mov eax, TSS_MAIN
  ltr ax
  xor eax, eax
  lldt ax
  ret

section .rodata
align 4
trap_entries:
%assign vector 0
%rep 256
  dd entry_ %+ vector
  %assign vector vector + 1
%endrep

section .bss
alignb 4
global guard_value
guard_esp: resd 1
guard_value: resd 1
