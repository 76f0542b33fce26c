"""The same crawler with a pool for each stage: a page never waits for its own pool."""

import json
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

LIFE_S = 120
PAGES = 8
IMAGES = 3

page_pool = ThreadPoolExecutor(4, thread_name_prefix="pages")
image_pool = ThreadPoolExecutor(4, thread_name_prefix="images")


def load_image(image):
    time.sleep(0.5)
    return image


def load_page(page):
    time.sleep(0.2)
    images = [image_pool.submit(load_image, f"{page}/{number}") for number in range(IMAGES)]
    return [image.result() for image in images]


def main():
    signal.alarm(LIFE_S)
    pages = [page_pool.submit(load_page, page) for page in range(PAGES)]
    threading.Timer(0.4, print, ("READY", os.getpid()), {"flush": True}).start()
    images = sum(len(page.result()) for page in pages)
    print("RESULT", json.dumps({"done": images}), flush=True)


if __name__ == "__main__":
    main()
