// The public names of `handoff-dag/supervisor`.
export * from './actor/public.js';
