/* The theme searches in a worker, and no browser starts one from a file. Where the site is opened as files, this one runs
   the worker's script in a hidden frame instead. Its name tells the plugin "offline" not to load one from elsewhere. */
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      this.frame = document.createElement("iframe")
      this.frame.hidden = true
      const begin = "postMessage = message => parent.postMessage(message, '*');"
        + "importScripts = (...urls) => urls.reduce((before, url) => before.then(() => new Promise((done, failed) => {"
        + "const script = document.createElement('script'); script.src = url; script.onload = done; script.onerror = failed;"
        + "document.body.append(script) })), Promise.resolve());"
      this.ready = new Promise(done => (this.frame.onload = done))
      this.frame.srcdoc = `<body><script>${begin}<\/script><script src="${url}"><\/script></body>`
      document.body.append(this.frame)
      window.addEventListener("message", event => {
        if (event.source !== this.frame.contentWindow) return
        const message = new MessageEvent("message", { data: event.data })
        this.dispatchEvent(message)
        if (this.onmessage) this.onmessage(message)
      })
    }

    postMessage(data) {
      this.ready.then(() => this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data })))
    }

    terminate() {
      this.frame.remove()
    }
  }
}
