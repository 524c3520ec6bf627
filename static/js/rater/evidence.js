// How the clips of a pair really played: which parts, seen on a visible page, with which stalls and dropped frames.
// The server keeps the report with the score and decides by it whether the pair was watched.
export const WATCHED = 0.95; // of each clip
const STALL_MS = 250; // browsers report a short wait at a clip's end as well; this an eye notices

export class Evidence {
  // `before`: what a reload found on the device of this very pair.
  constructor(names, before = null) {
    this.names = names;
    this.kept = before ?? {
      clips: {}, // the watched fraction of each
      ranges: {}, // seconds played, of each
      frames: {},
      dropped_frames: 0,
      stalls: 0,
      stalled_ms: 0,
      interruptions: 0, // the page was hidden while it played
      hidden_ms: 0,
      focus_losses: 0,
      replays: 0,
      retries: 0,
      started_at: null,
    };
    this.waitingSince = 0;
    this.hiddenSince = 0;
  }

  begins() {
    this.kept.started_at ??= new Date().toISOString();
  }

  clipEnded(name, video) {
    this.waitingSince = 0;
    const fraction = Math.round(watchedFraction(video) * 1000) / 1000;
    if (fraction >= (this.kept.clips[name] ?? 0)) this.kept.ranges[name] = ranges(video);
    this.kept.clips[name] = Math.max(this.kept.clips[name] ?? 0, fraction);
    this.countFrames(name, video);
  }

  countFrames(name, video) {
    const quality = video.getVideoPlaybackQuality?.();
    if (!quality) return;
    const before = this.kept.frames[name] ?? { shown: 0, dropped: 0 };
    const now = { shown: quality.totalVideoFrames, dropped: quality.droppedVideoFrames };
    this.kept.frames[name] = now.shown >= before.shown ? now : before;
    this.kept.dropped_frames = Object.values(this.kept.frames).reduce((sum, each) => sum + each.dropped, 0);
  }

  waits() {
    this.waitingSince = performance.now();
  }

  plays() {
    const waited = this.waitingSince ? performance.now() - this.waitingSince : 0;
    this.waitingSince = 0;
    if (waited <= STALL_MS) return;
    this.kept.stalls += 1;
    this.kept.stalled_ms += Math.round(waited);
  }

  hides() {
    this.waitingSince = 0; // the pause is ours, not the network's
    this.kept.interruptions += 1;
    this.hiddenSince = performance.now();
  }

  shows() {
    if (this.hiddenSince) this.kept.hidden_ms += Math.round(performance.now() - this.hiddenSince);
    this.hiddenSince = 0;
  }

  isWatched(name) {
    return (this.kept.clips[name] ?? 0) >= WATCHED;
  }

  allWatched() {
    return this.names.length > 0 && this.names.every((name) => this.isWatched(name));
  }

  // What goes to the server with the score.
  report() {
    const watched = Object.fromEntries(this.names.map((name) => [name, this.kept.clips[name] ?? 0]));
    const viewport = [window.innerWidth, window.innerHeight];
    return { ...this.kept, watched_fraction: watched, viewport, scored_at: new Date().toISOString() };
  }
}

const parts = (played) => Array.from({ length: played.length }, (_, i) => [played.start(i), played.end(i)]);
const ranges = (video) => parts(video.played).map((part) => part.map((second) => Math.round(second * 1000) / 1000));

function watchedFraction(video) {
  const sum = parts(video.played).reduce((total, [start, end]) => total + end - start, 0);
  return video.duration ? Math.min(sum / video.duration, 1) : 0;
}
