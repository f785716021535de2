const encoder = new TextEncoder();

/** Writes the protobuf wire format (https://protobuf.dev/programming-guides/encoding). */
export class ProtobufWriter {
  readonly #parts: Uint8Array[] = [];
  #lengthBytes = 0;

  integer(field: number, value: number | bigint): void {
    this.#tag(field, 0);
    this.#varint(value);
  }

  float(field: number, value: number): void {
    this.#tag(field, 5);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.#push(bytes);
  }

  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, 2);
    this.#varint(value.length);
    this.#push(value);
  }

  text(field: number, value: string): void {
    this.bytes(field, encoder.encode(value));
  }

  message(field: number, write: (writer: ProtobufWriter) => void): void {
    const inner = new ProtobufWriter();
    write(inner);
    this.#tag(field, 2);
    this.#varint(inner.#lengthBytes);
    for (const part of inner.#parts) this.#push(part);
  }

  finish(): Uint8Array {
    const result = new Uint8Array(this.#lengthBytes);
    let offset = 0;
    for (const part of this.#parts) {
      result.set(part, offset);
      offset += part.length;
    }
    return result;
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  #varint(value: number | bigint): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    const out: number[] = [];
    do {
      const low = Number(rest & 127n);
      rest >>= 7n;
      out.push(rest ? low | 128 : low);
    } while (rest);
    this.#push(Uint8Array.from(out));
  }

  #push(part: Uint8Array): void {
    this.#parts.push(part);
    this.#lengthBytes += part.length;
  }
}
