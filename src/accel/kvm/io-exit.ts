import type { PortAccess } from '../../cpu/context.ts';
import type { AddressMap } from '../../memory/address-map.ts';
import { offsetOf } from './ioctl.ts';
import { getNumber } from './native-struct.ts';

const DIRECTION = offsetOf('kvm_run', 'io.direction');
const SIZE = offsetOf('kvm_run', 'io.size');
const PORT = offsetOf('kvm_run', 'io.port');
const COUNT = offsetOf('kvm_run', 'io.count');
const DATA_OFFSET = offsetOf('kvm_run', 'io.data_offset');
const OUT = 1;

/** Serves KVM_EXIT_IO: `count` accesses of one port, which string instructions batch. */
export function servePorts(run: DataView, ports: PortAccess): void {
  const size = run.getUint8(SIZE) as 1 | 2 | 4;
  const port = run.getUint16(PORT, true);
  const count = run.getUint32(COUNT, true);
  const out = run.getUint8(DIRECTION) === OUT;
  let at = getNumber(run, DATA_OFFSET);
  for (let n = 0; n < count; n++, at += size) {
    if (out) ports.write(port, size, load(run, at, size));
    else store(run, at, size, ports.read(port, size));
  }
}

const ADDRESS = offsetOf('kvm_run', 'mmio.phys_addr');
const DATA = offsetOf('kvm_run', 'mmio.data');
const LENGTH = offsetOf('kvm_run', 'mmio.len');
const IS_WRITE = offsetOf('kvm_run', 'mmio.is_write');

/** Serves KVM_EXIT_MMIO: 1 to 8 bytes, cut into what a bus transfers at once. */
export function serveMemory(run: DataView, memory: AddressMap): void {
  const address = getNumber(run, ADDRESS);
  const length = run.getUint32(LENGTH, true);
  const write = run.getUint8(IS_WRITE) !== 0;
  for (let done = 0; done < length; ) {
    const size = transfer(length - done);
    const at = DATA + done;
    if (write) memory.write(address + done, size, load(run, at, size));
    else store(run, at, size, memory.read(address + done, size));
    done += size;
  }
}

/** Whole operands in one piece, as the interpreter does it; an odd rest byte by byte. */
const transfer = (left: number): 1 | 2 | 4 => (left >= 4 ? 4 : left === 2 ? 2 : 1);

const load = (view: DataView, at: number, size: 1 | 2 | 4): number =>
  size === 1 ? view.getUint8(at) : size === 2 ? view.getUint16(at, true) : view.getUint32(at, true);

function store(view: DataView, at: number, size: 1 | 2 | 4, value: number): void {
  if (size === 1) view.setUint8(at, value);
  else if (size === 2) view.setUint16(at, value, true);
  else view.setUint32(at, value, true);
}
