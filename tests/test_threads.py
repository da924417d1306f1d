import torch

from carla_genre.threads import processor_threads


def test_the_count_is_restored_even_after_an_error() -> None:
    before = torch.get_num_threads()
    with processor_threads(before + 2):
        assert torch.get_num_threads() == before + 2
        with processor_threads(0):
            assert torch.get_num_threads() == before + 2
    try:
        with processor_threads(before + 1):
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert torch.get_num_threads() == before
