package datum_test

import (
	"testing"

	"github.com/paulmach/orb"

	"jiujin/geo/datum"
)

func TestBorder(t *testing.T) {
	inside := map[string]orb.Point{
		"Beijing": {116.40, 39.90}, "Mohe": {122.54, 52.97}, "Fuyuan": {134.31, 48.36}, "Heihe": {127.528, 50.245},
		"Manzhouli": {117.45, 49.59}, "Suifenhe": {131.15, 44.40}, "Hunchun": {130.37, 42.86}, "Tumen": {129.84, 42.97},
		"Dandong": {124.385, 40.13}, "Ji'an": {126.19, 41.125}, "Linjiang": {126.92, 41.81}, "Changbai": {128.20, 41.42},
		"Erenhot": {111.98, 43.65}, "Khorgos": {80.42, 44.21}, "Tacheng": {82.98, 46.75}, "Kashgar": {75.99, 39.47},
		"Tashkurgan": {75.23, 37.77}, "Burang": {81.18, 30.29}, "Yadong": {88.91, 27.48}, "Zhangmu": {85.98, 27.99},
		"Mêdog": {95.33, 29.33}, "Ruili": {97.85, 24.013}, "Hekou": {103.95, 22.515}, "Mohan": {101.69, 21.19},
		"Pingxiang": {106.76, 22.10}, "Dongxing": {107.976, 21.547}, "Sanya": {109.51, 18.25}, "Sansha": {112.34, 16.83},
		"Zhuhai": {113.575, 22.27}, "Hengqin": {113.52, 22.13}, "Shekou": {113.91, 22.49}, "Luohu": {114.13, 22.547},
		"Yantian": {114.24, 22.56}, "Xiamen": {118.09, 24.48}, "Pingtan": {119.79, 25.50}, "Zhoushan": {122.21, 29.99},
	}
	for name, p := range inside {
		if !datum.InChina(p) {
			t.Errorf("%s %v is left out", name, p)
		}
	}
	outside := map[string]orb.Point{
		"Vladivostok": {131.89, 43.12}, "Khabarovsk": {135.07, 48.48}, "Blagoveshchensk": {127.53, 50.29},
		"Zabaikalsk": {117.33, 49.65}, "Chita": {113.50, 52.03}, "Ulaanbaatar": {106.92, 47.92}, "Zamyn-Uud": {111.91, 43.73},
		"Almaty": {76.95, 43.24}, "Zharkent": {80.00, 44.16}, "Dostyk": {82.48, 45.25}, "Bishkek": {74.59, 42.87},
		"Osh": {72.80, 40.53}, "Karakol": {78.39, 42.49}, "Dushanbe": {68.78, 38.56}, "Islamabad": {73.05, 33.69},
		"Gilgit": {74.31, 35.92}, "Srinagar": {74.80, 34.08}, "Leh": {77.58, 34.16}, "Delhi": {77.21, 28.61},
		"Kathmandu": {85.32, 27.71}, "Thimphu": {89.64, 27.47}, "Gangtok": {88.61, 27.33}, "Guwahati": {91.75, 26.14},
		"Dibrugarh": {94.91, 27.48}, "Dhaka": {90.41, 23.81}, "Mandalay": {96.08, 21.97}, "Muse": {97.905, 23.975},
		"Myitkyina": {97.40, 25.38}, "Laukkai": {98.75, 23.69}, "Vientiane": {102.61, 17.97}, "Boten": {101.66, 21.10},
		"Hanoi": {105.85, 21.03}, "Haiphong": {106.68, 20.86}, "Lao Cai": {103.97, 22.48}, "Lang Son": {106.76, 21.85},
		"Mong Cai": {107.966, 21.525}, "Da Nang": {108.22, 16.05}, "Hong Kong": {114.17, 22.30}, "Yuen Long": {114.03, 22.44},
		"Sheung Shui": {114.13, 22.50}, "Macau": {113.545, 22.195}, "Taipa": {113.56, 22.155}, "Taipei": {121.56, 25.04},
		"Kaohsiung": {120.30, 22.62}, "Jincheng": {118.32, 24.43}, "Nangan": {119.94, 26.15}, "Manila": {120.98, 14.60},
		"Naha": {127.68, 26.21}, "Jeju": {126.53, 33.50}, "Seoul": {126.98, 37.57}, "Pyongyang": {125.75, 39.03},
		"Sinuiju": {124.40, 40.095}, "Manpo": {126.29, 41.14}, "Hyesan": {128.18, 41.395}, "Hoeryong": {129.75, 42.43},
		"Rason": {130.30, 42.25}, "Tokyo": {139.69, 35.69},
	}
	for name, p := range outside {
		if datum.InChina(p) {
			t.Errorf("%s %v is taken in", name, p)
		}
	}
}

// Every city of the mainland is in.
func TestCities(t *testing.T) {
	for _, c := range cities(t) {
		if !datum.InChina(c.wgs) {
			t.Errorf("%s %v is left out", c.name, c.wgs)
		}
	}
}
