// Asks the gateway. What goes wrong is a Failure, in the words of its problem document.

export class Failure extends Error {
  constructor(title, { detail = "", status = 0, fields = [], retryAfter = null, requestId = null } = {}) {
    super(title);
    Object.assign(this, { title, detail, status, fields, retryAfter, requestId });
  }

  static ofProblem(problem, retryAfter = null) {
    return new Failure(problem.title ?? "The gateway refused", {
      detail: problem.detail, status: problem.status, fields: problem.errors ?? [], retryAfter, requestId: problem.request_id,
    });
  }
}

const REPEATED_MS = 300;
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Gateway {
  constructor(key) {
    this.key = key;
  }

  async ask(path, { method = "GET", body, headers = {}, signal } = {}) {
    const response = await this.#fetch(path, {
      method, signal, body: body === undefined ? undefined : JSON.stringify(body),
      headers: { ...this.#authorization(), ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
    });
    if (!response.ok) throw Failure.ofProblem(await problemOf(response), response.headers.get("Retry-After"));
    return response;
  }

  async json(path, options) {
    return (await this.ask(path, options)).json();
  }

  // A network that changes breaks off what is under way. All that this page asks may be asked twice: what begins
  // work carries a key by which it is begun once.
  async #fetch(path, options) {
    try {
      return await fetch(path, options).catch((error) => {
        if (error.name === "AbortError") throw error;
        return later(REPEATED_MS).then(() => fetch(path, options));
      });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Failure("The gateway does not answer", { detail: "It may be stopped or starting, or the network is away. Try again in a moment." });
    }
  }

  #authorization() {
    const key = this.key();
    return key ? { Authorization: `Bearer ${key}` } : {};
  }
}

// OpenAI's doors have a body of their own; a proxy on the way may answer with anything.
async function problemOf(response) {
  try {
    const body = await response.json();
    return body.error ? { title: body.error.message, status: response.status } : { status: response.status, ...body };
  } catch {
    return { title: `The gateway answered ${response.status}`, status: response.status };
  }
}
