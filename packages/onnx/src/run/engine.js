// Plain JavaScript with its types beside it: a worker thread runs it from the sources as from the build.

/** Bytes from which an array's memory is given back at once. */
const large = 1 << 16;

/**
 * Gives back the memory of an array that nobody else has. Garbage collection would do it many steps later, and each step makes the whole state anew.
 * @type {(buffer: ArrayBuffer) => void}
 */
const discard = (buffer) => {
  if (buffer.transfer) buffer.transfer(0);
  else nowhere().postMessage(null, [buffer]);
};

/** Node 20 has no `ArrayBuffer.prototype.transfer`: what goes into a port whose other end is closed is gone. */
let port;
function nowhere() {
  if (!port) {
    const { port1, port2 } = new MessageChannel();
    port2.close();
    port = port1;
  }
  return port;
}

/**
 * Sessions of one copy of ONNX Runtime and the arrays that stay with them, both by numbers that the caller chooses.
 * @type {typeof import('./engine').engine}
 */
export function engine({ InferenceSession, Tensor, env }) {
  const sessions = new Map();
  const held = new Map();
  /** Arrays freed last, by type and shape: the next outputs of their kind are written into them, into memory that is there already. */
  let spare = new Map();
  const reuses = env.versions.node !== undefined;
  return {
    async load(id, model, options) {
      sessions.set(id, { session: await InferenceSession.create(model, options), kinds: new Map() });
    },
    async run(id, { given, held: kept, keep, read }) {
      const feeds = {};
      for (const [name, { dtype, data, shape }] of given) feeds[name] = new Tensor(dtype, data, shape);
      for (const [name, number] of kept) feeds[name] = held.get(number);
      const { session, kinds } = sessions.get(id);
      const staying = new Map();
      const fetches = {};
      for (const name of read) fetches[name] = null;
      for (const [name] of keep) {
        const place = spare.get(kinds.get(name))?.pop();
        if (place) staying.set(name, place);
        fetches[name] = place ?? null;
      }
      const results = await session.run(feeds, fetches);
      for (const [name, number] of keep) {
        const place = staying.get(name);
        // ONNX Runtime returns a copy of what it has written into the array that it was given.
        if (place) discard(results[name].data.buffer);
        else {
          staying.set(name, results[name]);
          if (reuses) kinds.set(name, kindOf(results[name]));
        }
        held.set(number, staying.get(name));
      }
      return read.map((name) => hostArray(staying.get(name) ?? results[name], staying.has(name)));
    },
    async release(id) {
      await sessions.get(id)?.session.release();
      sessions.delete(id);
    },
    hold(first, arrays) {
      for (const [i, { dtype, data, shape }] of arrays.entries()) held.set(first + i, new Tensor(dtype, data, shape));
    },
    read: (numbers) => numbers.map((number) => hostArray(held.get(number), true)),
    free(numbers) {
      if (numbers.length === 0) return;
      for (const places of spare.values()) for (const { data } of places) discard(data.buffer);
      spare = new Map();
      for (const number of numbers) {
        const tensor = held.get(number);
        held.delete(number);
        if (!tensor || tensor.data.byteLength < large) continue;
        if (!reuses) discard(tensor.data.buffer);
        else if (spare.has(kindOf(tensor))) spare.get(kindOf(tensor)).push(tensor);
        else spare.set(kindOf(tensor), [tensor]);
      }
    },
  };
}

/** Undefined where an array is too small to be worth it. */
function kindOf({ type, data, dims }) {
  return data.byteLength < large ? undefined : `${type} ${dims}`;
}

function hostArray({ type, data, dims }, copied) {
  return { shape: [...dims], dtype: type, data: copied ? data.slice() : data };
}
