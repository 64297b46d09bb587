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
export function engine({ InferenceSession, Tensor }) {
  const sessions = new Map();
  const held = new Map();
  return {
    async load(id, model, options) {
      sessions.set(id, await InferenceSession.create(model, options));
    },
    async run(id, { given, held: kept, keep, read }) {
      const feeds = {};
      for (const [name, { dtype, data, shape }] of given) feeds[name] = new Tensor(dtype, data, shape);
      for (const [name, number] of kept) feeds[name] = held.get(number);
      const fetches = {};
      for (const name of [...read, ...keep.map(([each]) => each)]) fetches[name] = null;
      const results = await sessions.get(id).run(feeds, fetches);
      const staying = new Set();
      for (const [name, number] of keep) {
        staying.add(name);
        held.set(number, results[name]);
      }
      return read.map((name) => hostArray(results[name], staying.has(name)));
    },
    async release(id) {
      await sessions.get(id)?.release();
      sessions.delete(id);
    },
    hold(first, arrays) {
      for (const [i, { dtype, data, shape }] of arrays.entries()) held.set(first + i, new Tensor(dtype, data, shape));
    },
    read: (numbers) => numbers.map((number) => hostArray(held.get(number), true)),
    free(numbers) {
      for (const number of numbers) {
        const tensor = held.get(number);
        held.delete(number);
        if (tensor && tensor.data.byteLength >= large) discard(tensor.data.buffer);
      }
    },
  };
}

function hostArray({ type, data, dims }, copied) {
  return { shape: [...dims], dtype: type, data: copied ? data.slice() : data };
}
