"""Development tools: the page in a browser, and pictures of it. Not part of the packages."""
