"""A crawler loads pages in a thread pool, and each page loads its images in the same pool.

When all threads of the pool are pages, no thread is left for an image: each page
waits for an image that stands behind the other pages in the queue.
"""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

LIFE_S = 120  # a hung copy of this script ends by itself
PAGES = 8
IMAGES = 3

pool = ThreadPoolExecutor(4, thread_name_prefix="crawler")


def load_image(image):
    time.sleep(0.1)
    return image


def load_page(page):
    time.sleep(0.2)
    images = [pool.submit(load_image, f"{page}/{number}") for number in range(IMAGES)]
    return [image.result() for image in images]


def main():
    signal.alarm(LIFE_S)
    pages = [pool.submit(load_page, page) for page in range(PAGES)]
    threading.Timer(1.0, print, ("READY", os.getpid()), {"flush": True}).start()
    print("RESULT", sum(len(page.result()) for page in pages), flush=True)


if __name__ == "__main__":
    main()
