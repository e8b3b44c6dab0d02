import { execFileSync } from 'node:child_process';
import { gunzipSync } from 'node:zlib';

/**
 * A shell script for busybox that prints the same wherever it runs: `$BB` is the busybox to use, the working
 * directory is writable.
 */
export const WORKLOADS = `
$BB seq 1 30000 > numbers
echo checksum; $BB sha256sum < numbers; $BB md5sum < numbers
echo gzip; $BB gzip < numbers > numbers.gz; $BB sha256sum < numbers.gz
$BB gunzip < numbers.gz | $BB cmp - numbers && echo same
echo bzip2; $BB bzip2 < numbers | $BB bunzip2 | $BB sha256sum
echo sort; $BB awk 'BEGIN { for (i = 1; i <= 5000; i++) print (i * 7919) % 5003, i }' > pairs
$BB sort pairs | $BB sha256sum; $BB sort -n -k1 pairs | $BB sha256sum; $BB sort -r -k2 pairs | $BB head -n 3
echo awk
$BB awk 'BEGIN {
  for (i = 1; i <= 400; i++) {
    x = i * 0.37; s += x * x / (i + 0.1)
    printf "%.17g %.17g %.17g %.17g\\n", s, x * x * 1e-300, 1 / (3 * x), int(x * 1e6) % 997
  }
}' > floats
$BB sha256sum < floats; $BB tail -n 2 floats
echo fork; i=0
while [ $i -lt 60 ]; do i=$((i + 1)); $BB expr $i '*' $i; done | $BB sha256sum
echo done
`;

/** The file `path` of a gzip-compressed cpio archive ("newc"). */
export function fileOf(initrd: Uint8Array, path: string): Uint8Array {
  const archive = gunzipSync(initrd);
  const field = (at: number, n: number): number =>
    Number.parseInt(archive.toString('latin1', at + 6 + 8 * n, at + 14 + 8 * n), 16);
  for (let at = 0; at < archive.length; ) {
    const size = field(at, 6);
    const nameSize = field(at, 11);
    const name = archive.toString('latin1', at + 110, at + 110 + nameSize - 1);
    const data = (at + 110 + nameSize + 3) & ~3;
    if (name === path) return archive.subarray(data, data + size);
    if (name === 'TRAILER!!!') break;
    at = (data + size + 3) & ~3;
  }
  throw new Error(`the initrd has no ${path}`);
}

/** What the workloads print on the host. */
export function workloadsOnHost(busybox: string, directory: string): string {
  return execFileSync(busybox, ['sh', '-c', WORKLOADS], { cwd: directory, env: { BB: busybox }, encoding: 'utf8' });
}
