import type { AddressMap, Region } from '../../memory/address-map.ts';
import type { NativeMemory } from './ffi.ts';
import { CAP, KVM, MEM_READONLY, offsetOf, STRUCT } from './ioctl.ts';
import { BUSY, checked, ERRNO, errnoName, KvmError } from './kvm-error.ts';
import { mapMemory, NativeBlock, PAGE, setNumber } from './native-struct.ts';
import type { KvmSystem } from './system.ts';

/** Four pages below 4 GiB that Intel processors without unrestricted guests need: QEMU's place for them. */
const IDENTITY_MAP = 0xfeffc000;
const TSS = 0xfeffd000;
/** Two more places below 4 GiB: a page goes to and fro there. */
const SHUTTLE = [0xfeff8000, 0xfeffa000] as const;
const SHUTTLE_SLOT = 0;
const MIB = 2 ** 20;

interface Slot {
  readonly id: number;
  readonly base: number;
  readonly length: number;
  readonly offset: number;
  readonly readonly: boolean;
}

/** @throws KvmError */
function createVm({ libc, fd }: KvmSystem): number {
  const vm = libc.ioctl(fd, KVM.CREATE_VM, 0);
  // Another hypervisor is noticed here, not when the device is opened.
  if (vm === -ERRNO.EBUSY) throw new KvmError(BUSY);
  return checked(vm, 'KVM_CREATE_VM');
}

/** A virtual machine of the kernel: memory slots that follow an address map. */
export class KvmVm {
  readonly system: KvmSystem;
  readonly fd: number;
  readonly #ram: NativeMemory;
  readonly #map: AddressMap;
  readonly #block: NativeBlock;
  readonly #readonlyWorks: boolean;
  #slots: Slot[] = [];
  readonly #shuttle: NativeMemory;
  #shuttleAt = 0;
  #a20 = true;
  #closed = false;

  /**
   * @param ram what `map.ram` lies in
   * @throws KvmError
   */
  constructor(system: KvmSystem, map: AddressMap, ram: NativeMemory) {
    const { libc } = system;
    this.system = system;
    this.#map = map;
    this.#ram = ram;
    this.#readonlyWorks = system.capability(CAP.READONLY_MEM) > 0;
    this.#block = new NativeBlock(libc, STRUCT.kvm_userspace_memory_region.size);
    this.#shuttle = mapMemory(libc, PAGE);
    try {
      this.fd = createVm(system);
    } catch (error) {
      this.#freeMemory();
      throw error;
    }
    try {
      this.#placeInternals();
      this.#placeShuttle();
      this.#update();
    } catch (error) {
      this.close();
      throw error;
    }
    map.onChange.push(() => {
      if (!this.#closed) this.#update();
    });
  }

  /** With the A20 gate closed the second MiB shows the first, as far as real-mode programs reach. */
  setA20(enabled: boolean): void {
    if (enabled === this.#a20) return;
    this.#a20 = enabled;
    this.#update();
  }

  /**
   * Makes KVM forget what it derived from the guest's page tables. It sees their changes only when the guest itself
   * writes them; moving a slot is what drops everything.
   */
  dropMappings(): void {
    this.#shuttleAt ^= 1;
    this.#placeShuttle();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#freeMemory();
    this.system.libc.close(this.fd);
  }

  #freeMemory(): void {
    this.system.libc.munmap(this.#shuttle.address, PAGE);
    this.#block.free();
  }

  #placeInternals(): void {
    const { libc, capability } = this.system;
    const { view, address } = this.#block;
    if (capability(CAP.SET_IDENTITY_MAP_ADDR) > 0) {
      setNumber(view, 0, IDENTITY_MAP);
      checked(libc.ioctl(this.fd, KVM.SET_IDENTITY_MAP_ADDR, address), 'KVM_SET_IDENTITY_MAP_ADDR');
    }
    if (capability(CAP.SET_TSS_ADDR) > 0) {
      checked(libc.ioctl(this.fd, KVM.SET_TSS_ADDR, TSS), 'KVM_SET_TSS_ADDR');
    }
  }

  #placeShuttle(): void {
    const base = SHUTTLE[this.#shuttleAt]!;
    this.#call({ id: SHUTTLE_SLOT, base, length: PAGE, offset: 0, readonly: this.#readonlyWorks }, this.#shuttle);
  }

  /** Makes the slots equal to the map. What is unchanged stays, as changing a slot costs the guest its mappings. */
  #update(): void {
    const wanted = this.#wanted();
    const same = (a: Slot | Omit<Slot, 'id'>, b: Omit<Slot, 'id'>): boolean =>
      a.base === b.base && a.length === b.length && a.offset === b.offset && a.readonly === b.readonly;
    const kept = this.#slots.filter((slot) => wanted.some((other) => same(slot, other)));
    for (const slot of this.#slots) if (!kept.includes(slot)) this.#setSlot({ ...slot, length: 0 });
    this.#slots = kept;
    for (const slot of wanted) {
      if (kept.some((other) => same(other, slot))) continue;
      let id = SHUTTLE_SLOT + 1;
      while (this.#slots.some((other) => other.id === id)) id++;
      const added = { ...slot, id };
      this.#setSlot(added);
      this.#slots.push(added);
    }
  }

  #wanted(): Omit<Slot, 'id'>[] {
    const slots = this.#map.regions.flatMap((region) => this.#slotsOf(region));
    return this.#a20 ? slots : this.#wrapped(slots);
  }

  #slotsOf(region: Region): Omit<Slot, 'id'>[] {
    if (region.kind === 'mmio') return [];
    // Without read-only slots a ROM answers as MMIO, so that it cannot be written.
    if (region.kind === 'rom' && !this.#readonlyWorks) return [];
    const { base, length, offset, kind } = region;
    return [{ base, length, offset, readonly: kind === 'rom' }];
  }

  #wrapped(slots: readonly Omit<Slot, 'id'>[]): Omit<Slot, 'id'>[] {
    const cut = (slot: Omit<Slot, 'id'>, from: number, to: number): Omit<Slot, 'id'>[] => {
      const base = Math.max(slot.base, from);
      const length = Math.min(slot.base + slot.length, to) - base;
      return length > 0 ? [{ ...slot, base, length, offset: slot.offset + base - slot.base }] : [];
    };
    const first = slots.flatMap((slot) => cut(slot, 0, MIB));
    return [
      ...first,
      ...first.map((slot) => ({ ...slot, base: slot.base + MIB })),
      ...slots.flatMap((slot) => cut(slot, 2 * MIB, Number.MAX_SAFE_INTEGER)),
    ];
  }

  #setSlot(slot: Slot): void {
    this.#call(slot, this.#ram);
  }

  #call({ id, base, length, offset, readonly }: Slot, memory: NativeMemory): void {
    const { view, address } = this.#block;
    const at = (field: keyof typeof STRUCT.kvm_userspace_memory_region.fields): number =>
      offsetOf('kvm_userspace_memory_region', field);
    view.setUint32(at('slot'), id, true);
    view.setUint32(at('flags'), readonly && length > 0 ? MEM_READONLY : 0, true);
    setNumber(view, at('guest_phys_addr'), base);
    setNumber(view, at('memory_size'), length);
    setNumber(view, at('userspace_addr'), memory.address + offset);
    const result = this.system.libc.ioctl(this.fd, KVM.SET_USER_MEMORY_REGION, address);
    if (result < 0) {
      throw new KvmError(
        `KVM does not take the memory at ${base.toString(16)}h, ${length} bytes (${errnoName(-result)}): choose less memory, or use tcg`,
      );
    }
  }
}
