import { FormatError } from '../format-error.ts';

/**
 * DICOM RLE (PS3.5 Annex G): a header of 16 little-endian uint32 (segments, then their offsets), each segment one byte
 * plane in PackBits, the highest byte of a sample first. Writes little-endian samples, plane after plane.
 */
export function decodeRle(
  encoded: Uint8Array,
  out: Uint8Array,
  bytesPerSample: number,
  samples: number,
  path: string,
): void {
  const damaged = (what: string, offsetBytes: number) =>
    new FormatError('dicom', 'damaged', what, { path, offsetBytes }, 'Get a fresh copy.');
  if (encoded.length < 64) throw damaged('The run-length header ends early.', encoded.length);
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const segments = view.getUint32(0, true);
  if (segments !== bytesPerSample * samples)
    throw damaged(`There are ${segments} run-length segments, ${bytesPerSample * samples} are needed.`, 0);
  const pixels = out.length / segments;
  for (let segment = 0; segment < segments; segment++) {
    const start = view.getUint32(4 + 4 * segment, true);
    const end = segment + 1 < segments ? view.getUint32(8 + 4 * segment, true) : encoded.length;
    const sample = Math.floor(segment / bytesPerSample);
    const byte = bytesPerSample - 1 - (segment % bytesPerSample);
    const first = sample * pixels * bytesPerSample + byte;
    let pixel = 0;
    for (let at = start; at < Math.min(end, encoded.length) && pixel < pixels; ) {
      const control = encoded[at++];
      if (control < 128)
        for (let n = control + 1; n > 0 && pixel < pixels && at < end; n--)
          out[first + bytesPerSample * pixel++] = encoded[at++];
      else if (control > 128) {
        const value = encoded[at++];
        for (let n = 257 - control; n > 0 && pixel < pixels; n--) out[first + bytesPerSample * pixel++] = value;
      }
    }
    if (pixel < pixels) throw damaged(`Segment ${segment + 1} holds ${pixel} of ${pixels} values.`, end);
  }
}
