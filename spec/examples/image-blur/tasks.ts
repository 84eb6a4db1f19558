/** A grey picture: one byte for each pixel, row by row. */
export interface Picture {
  readonly width: number;
  readonly pixels: Uint8Array;
}

/** A picture with a bright disc in the middle. */
export function draw(width: number, radius: number): Picture {
  const pixels = new Uint8Array(width * width);
  for (let at = 0; at < pixels.length; at += 1) {
    const [x, y] = [(at % width) - width / 2, Math.floor(at / width) - width / 2];
    pixels[at] = x * x + y * y <= radius * radius ? 255 : 0;
  }
  return { width, pixels };
}

/** Each pixel becomes the mean of the square around it. Needs a second picture's memory while it runs. */
export function blur({ width, pixels }: Picture, reach: number): Picture {
  const height = pixels.length / width;
  const blurred = new Uint8Array(pixels.length);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let [sum, count] = [0, 0];
      for (let v = Math.max(0, y - reach); v <= Math.min(height - 1, y + reach); v += 1) {
        for (let u = Math.max(0, x - reach); u <= Math.min(width - 1, x + reach); u += 1) {
          sum += pixels[v * width + u]!;
          count += 1;
        }
      }
      blurred[y * width + x] = Math.round(sum / count);
    }
  }
  return { width, pixels: blurred };
}

/** How many pixels are neither black nor white: the edge that the blur has made. */
export const edge = ({ pixels }: Picture): number => pixels.filter((pixel) => pixel > 0 && pixel < 255).length;

/** The pictures' edges, the widest last. */
export const compare = (edges: readonly number[]): string =>
  edges.map((pixels, at) => `picture ${at + 1}: ${pixels} grey pixels`).join('\n');
