// PROVISIONAL stand-in so that other stations can run; to be replaced whole by the station's own files.
import { serialize, deserialize } from 'node:v8';
export type Packed = Uint8Array;
export class Held {
  #value: unknown; #packed: Packed | undefined; readonly sizeBytes: number; readonly isPacked: boolean;
  private constructor(value: unknown, packed: Packed | undefined, sizeBytes: number) { this.#value = value; this.#packed = packed; this.sizeBytes = sizeBytes; this.isPacked = packed !== undefined; }
  static live(value: unknown, sizeBytes: number): Held { return new Held(value, undefined, sizeBytes); }
  static packed(packed: Packed): Held { return new Held(undefined, packed, packed.byteLength); }
  pack(_where: string): Packed { this.#packed ??= serialize(this.#value); return this.#packed; }
  open(_freeze: boolean): unknown { return this.isPacked ? deserialize(this.#packed!) : this.#value; }
}
export function check(_value: unknown, _options: { where: string; freeze: boolean }): number { return 8; }
