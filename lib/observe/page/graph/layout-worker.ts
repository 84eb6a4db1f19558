// The script of a worker: it gets inputs, and gives back layouts.
import { dagreLayout } from './dagre-layout.js';
import type { LayoutInput } from './graph-layout.js';

addEventListener('message', ({ data }: MessageEvent<{ readonly number: number; readonly input: LayoutInput }>) => {
  postMessage({ number: data.number, layout: dagreLayout(data.input) });
});
