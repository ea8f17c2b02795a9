// lines: the `timerose` ABI from AssemblyScript. For each input: how many lines it has, how long the
// longest is, and the mean length, one row an input. Reads by range, so an input may be of any size.

@external("timerose", "input_count") declare function inputCount(): u32;
@external("timerose", "input_size") declare function inputSize(input: u32): u64;
@external("timerose", "input_read") declare function inputRead(input: u32, offset: u64, into: usize, length: u32): u32;
@external("timerose", "output_write") declare function outputWrite(from: usize, length: u32): void;

const PIECE_BYTES: u32 = 65536;
const piece = memory.data(65536);

class Totals {
  lines: u64 = 0;
  longest: u64 = 0;
  bytes: u64 = 0;
  current: u64 = 0;

  take(byte: u8): void {
    if (byte != 10) {
      this.current++;
      return;
    }
    this.endLine();
  }

  endLine(): void {
    this.lines++;
    this.bytes += this.current;
    this.longest = max(this.longest, this.current);
    this.current = 0;
  }

  row(input: u32): string {
    const mean = this.lines ? (this.bytes * 10 / this.lines) : 0;
    return `${input}: ${this.lines} lines, longest ${this.longest}, mean ${mean / 10}.${mean % 10}\n`;
  }
}

function measure(input: u32): Totals {
  const totals = new Totals();
  const size = inputSize(input);
  for (let offset: u64 = 0; offset < size; ) {
    const got = inputRead(input, offset, piece, PIECE_BYTES);
    for (let i: u32 = 0; i < got; i++) totals.take(load<u8>(piece + i));
    offset += got;
  }
  if (totals.current) totals.endLine();
  return totals;
}

function print(text: string): void {
  const bytes = String.UTF8.encode(text);
  outputWrite(changetype<usize>(bytes), bytes.byteLength);
}

export function timerose_main(): void {
  for (let input: u32 = 0; input < inputCount(); input++) print(measure(input).row(input));
}
