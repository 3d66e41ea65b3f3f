// Reads server-sent events as the standard has them: any line end, data over several lines, comments.

const FIELD = /^([^:]*)(?:: ?(.*))?$/s;

export async function* eventsOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const pieces = new Pieces();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      for (const block of pieces.add(value)) {
        const event = parsed(block);
        if (event !== null) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

// Collects text until a blank line ends a block; a block of megabytes is not searched again with each piece.
export class Pieces {
  #waiting = "";
  #searched = 0;

  add(text) {
    this.#waiting += text;
    const blocks = [];
    for (;;) {
      const end = this.#end();
      if (end === null) return blocks;
      blocks.push(this.#waiting.slice(0, end.index));
      this.#waiting = this.#waiting.slice(end.index + end[0].length);
      this.#searched = 0;
    }
  }

  #end() {
    const blank = /\r\n\r\n|\n\n|\r\r/g;
    blank.lastIndex = this.#searched;
    const end = blank.exec(this.#waiting);
    if (end === null) this.#searched = Math.max(0, this.#waiting.length - 3);
    return end;
  }
}

export function parsed(block) {
  const event = { id: null, event: "message", data: null };
  const data = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, name, value = ""] = FIELD.exec(line);
    if (name === "data") data.push(value);
    else if (name === "event" || name === "id") event[name] = value;
  }
  return data.length ? { ...event, data: JSON.parse(data.join("\n")) } : null;
}
