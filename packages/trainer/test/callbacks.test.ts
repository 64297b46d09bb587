import '@tensorflow/tfjs-backend-cpu';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { disposeParams, memoryStore } from '@taskloom/core';
import { adam } from '@taskloom/core/optimizers';
import { fixed, pcgrad, uncertainty } from '@taskloom/mtl-loss';
import { setBackend } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { crc32c, maskedCrc32c, record } from '../src/callbacks/event-file';
import { fit } from '../src/fit';
import { jsonLines, tensorBoard } from '../src/node';
import type { FitOptions } from '../src/types';
import { toyDataset, toyModel } from './toy';

let folder: string;

beforeEach(async () => {
  await setBackend('cpu');
  folder = mkdtempSync(join(tmpdir(), 'trainer-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function train(more: Partial<FitOptions>): Promise<void> {
  const { params, buffers, best } = await fit({
    model: toyModel(),
    train: toyDataset('train', { both: 40 }),
    validation: toyDataset('validation', { both: 20 }),
    optimizer: adam(),
    learningRate: (step) => 0.01 / (step + 1),
    steps: 6,
    batchSize: 10,
    ...more,
  });
  for (const tree of [params, buffers, ...(best ? [best.params, best.buffers] : [])]) disposeParams(tree);
}

/** Reads a protocol buffer message: fields by number, varints as numbers, the rest as bytes. */
function fields(data: Uint8Array): [number, number | Uint8Array][] {
  const out: [number, number | Uint8Array][] = [];
  let at = 0;
  const varint = () => {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = data[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  };
  while (at < data.length) {
    const key = varint();
    const wire = key & 7;
    const length = wire === 0 ? 0 : wire === 1 ? 8 : wire === 5 ? 4 : varint();
    out.push([key >> 3, wire === 0 ? varint() : data.slice(at, at + length)]);
    at += length;
  }
  return out;
}

/** The events of a file, every CRC checked. */
function eventsOf(file: Uint8Array) {
  const events: { step: number; version?: string; restart: boolean; scalars: { [tag: string]: number } }[] = [];
  for (let at = 0; at < file.length; ) {
    const view = new DataView(file.buffer, file.byteOffset + at);
    const length = Number(view.getBigUint64(0, true));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(view.getUint32(8, true)).toBe(maskedCrc32c(file.subarray(at, at + 8)));
    expect(view.getUint32(12 + length, true)).toBe(maskedCrc32c(data));
    const event = { step: 0, version: undefined as string | undefined, restart: false, scalars: {} as { [tag: string]: number } };
    for (const [field, value] of fields(data)) {
      if (field === 2) event.step = value as number;
      if (field === 3) event.version = new TextDecoder().decode(value as Uint8Array);
      if (field === 7) event.restart = true;
      if (field === 5) {
        for (const [, summary] of fields(value as Uint8Array)) {
          const [[, tag], [, number]] = fields(summary as Uint8Array) as [[number, Uint8Array], [number, Uint8Array]];
          event.scalars[new TextDecoder().decode(tag)] = new DataView(number.buffer).getFloat32(0, true);
        }
      }
    }
    events.push(event);
    at += 16 + length;
  }
  return events;
}

describe('event files', () => {
  test('CRC-32C is that of the standards', () => {
    const ascii = (text: string) => new TextEncoder().encode(text);
    expect(crc32c(ascii('123456789'))).toBe(0xe3069283);
    // RFC 3720, B.4
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(record(new Uint8Array(3)).length).toBe(19);
  });

  test('hold the losses, weights and metrics of a run', async () => {
    await train({ callbacks: [tensorBoard(folder)] });
    const [name] = readdirSync(folder);
    expect(name).toMatch(/^events\.out\.tfevents\.\d+\./);
    const [version, ...events] = eventsOf(new Uint8Array(readFileSync(join(folder, name!))));
    expect(version!.version).toBe('brain.Event:2');
    const steps = events.filter(({ scalars }) => 'train/loss' in scalars);
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(steps[2]!.scalars['train/learningRate']).toBeCloseTo(0.01 / 3, 7);
    expect(steps[0]!.scalars['train/loss']).toBeCloseTo(steps[0]!.scalars['train/loss/side']! + steps[0]!.scalars['train/loss/value']!, 5);
    expect(Object.keys(events.at(-1)!.scalars)).toEqual(
      expect.arrayContaining(['validation/mean', 'validation/side/accuracy', 'validation/value/pearson']),
    );
  });

  test('hold the weight of each task', async () => {
    await train({ balancer: fixed({ side: 3, value: 0.25 }), callbacks: [tensorBoard(folder)] });
    const events = eventsOf(new Uint8Array(readFileSync(join(folder, readdirSync(folder)[0]!))));
    const steps = events.flatMap(({ scalars }) => ('train/loss' in scalars ? [scalars] : []));
    expect(steps).toHaveLength(6);
    for (const scalars of steps) {
      expect([scalars['train/weight/side'], scalars['train/weight/value']]).toEqual([3, 0.25]);
      expect(scalars['train/loss']).toBeCloseTo(3 * scalars['train/loss/side']! + 0.25 * scalars['train/loss/value']!, 4);
    }
  });

  test('follow weights that change with the losses', async () => {
    await train({ balancer: uncertainty(), callbacks: [tensorBoard(folder)] });
    const events = eventsOf(new Uint8Array(readFileSync(join(folder, readdirSync(folder)[0]!))));
    const steps = events.flatMap(({ scalars }) => ('train/loss' in scalars ? [scalars] : []));
    for (const task of ['side', 'value']) {
      const weights = steps.map((scalars) => scalars[`train/weight/${task}`]!);
      expect(weights.every((weight) => weight > 0)).toBe(true);
      expect(new Set(weights).size).toBe(6);
    }
  });

  test('hold cosines and conflict where the balancer looks at gradients', async () => {
    await train({ balancer: pcgrad(), callbacks: [tensorBoard(folder)] });
    const events = eventsOf(new Uint8Array(readFileSync(join(folder, readdirSync(folder)[0]!))));
    const cosines = events.flatMap(({ scalars }) => ('train/cosine/side/value' in scalars ? [scalars] : []));
    expect(cosines).toHaveLength(6);
    for (const scalars of cosines) expect(scalars['train/conflict']).toBe(scalars['train/cosine/side/value']! < 0 ? 1 : 0);
  });

  test('say where a resumed run restarts', async () => {
    const store = memoryStore();
    const stop = new AbortController();
    await train({ store, signal: stop.signal, callbacks: [{ onBatchEnd: (batch) => void (batch === 4 && stop.abort()) }] });
    await train({ store, resume: true, callbacks: [tensorBoard(folder)] });
    const events = eventsOf(new Uint8Array(readFileSync(join(folder, readdirSync(folder)[0]!))));
    expect(events.slice(0, 3).map(({ step, restart }) => [step, restart])).toEqual([
      [0, false],
      [6, true],
      [6, false],
    ]);
  });
});

test('jsonLines drops lines of steps that are done again', async () => {
  const file = join(folder, 'logs', 'log.jsonl');
  const read = () =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; step: number });
  const store = memoryStore();
  const stop = new AbortController();
  await train({ store, signal: stop.signal, callbacks: [jsonLines(file), { onBatchEnd: (batch) => void (batch === 2 && stop.abort()) }] });
  expect(read().map(({ event, step }) => `${event} ${step}`)).toEqual(['begin 0', 'step 1', 'step 2', 'step 3', 'checkpoint 3', 'end 3']);
  appendFileSync(file, '{"event":"step","step":4}\n{"event":"st');
  await train({ store, resume: true, callbacks: [jsonLines(file)] });
  expect(
    read()
      .filter(({ event }) => event === 'step')
      .map(({ step }) => step),
  ).toEqual([1, 2, 3, 4, 5, 6]);
  expect(read().at(-1)).toMatchObject({ event: 'end', step: 6, interrupted: false });
});
