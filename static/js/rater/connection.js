// Calls to the API that wait for the connection: nothing is given up because a network or a server is away.
export const PATIENCE_MS = 30000; // for one answer
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15000;

// lost: "" or why nothing answers, "offline" or "busy". changed: called whenever that changes.
export const connection = { lost: "", changed: () => {} };

export function setLost(lost) {
  if (connection.lost === lost) return;
  connection.lost = lost;
  connection.changed();
}

export async function call(method, path, body) {
  const response = await fetch(`/api/v1/${path}`, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body && JSON.stringify(body),
    credentials: "omit",
    cache: "no-store",
    keepalive: method === "PUT", // a score is on its way even if the page is closed now
    signal: AbortSignal.timeout?.(PATIENCE_MS),
  });
  return { status: response.status, body: told(response.status, await response.text()) };
}

// The study answers in JSON. Whatever answers in its place (a hotel's sign-in page, a proxy) is no answer: it throws.
const told = (status, text) => (status === 204 || awaits(status) ? null : JSON.parse(text));

const awaits = (status) => status >= 500 || status === 429;

// Tries until there is an answer that is not "try again later".
export async function persist(attempt) {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      const answer = await attempt();
      if (!awaits(answer.status)) {
        setLost("");
        return answer;
      }
      setLost("busy");
    } catch {
      setLost("offline"); // no network, or an answer that broke off
    }
    await pause(wait);
  }
}

// Waits so long, or until the browser says that it is online again.
function pause(milliseconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done() {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      resolve();
    }
    window.addEventListener("online", done);
  });
}
